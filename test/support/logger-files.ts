/** Small files in the dialects of real exports, byte for byte as their programs write: encoding, line ends, header. */
export const LOGGER_FILES = {
  'berlinger fridge-tag': crlf(
    [
      'Device: Q-tag Fridge-tag 2 L',
      'Vers: 0.5',
      'Fw Vers: 4.0p0o',
      'Conf:',
      ' Serial: 130500100001',
      ' Zone: 0.00',
      ' Temp unit: C',
      ' Alarm:',
      '  0:',
      '   T AL: +2.0, t AL: 60',
      '  1:',
      '   T AL: +8.0, t AL: 60',
      ' Logging Interval: 5',
      'Hist:',
      ' TS Report Creation: 2026-03-02 12:00',
      ' 1:',
      '  Date: 2026-03-02',
      '  Min T: +1.9, TS Min T: 10:10',
      '  Max T: +8.1, TS Max T: 10:15',
      'Data:',
      '\tyyyy-MM-dd hh:mm\tT\tOut of limits',
      '\t2026-03-02 10:00\t5.0',
      '\t2026-03-02 10:05\t8.0',
      '\t2026-03-02 10:10\t1.9\tx',
      '\t2026-03-02 10:15\t8.1\tx',
      'Cert:',
      ' Vers: 1.0',
      'Sig: 719c4f6bb685dcf1428aa91f1002f423',
    ],
    'latin1',
  ),
  'berlinger q-tag': crlf(
    [
      'Device: Q-tag CLm doc LR',
      'Vers: 1.9',
      'Fw Vers: 4.7.04o',
      'Conf:',
      ' Serial: RCPJ00099',
      ' Logging Interval: 10',
      'Res:',
      ' Min T: 1.4, TS Min T: 2026-03-02 10:10',
      ' Max T: 5.2, TS Max T: 2026-03-02 10:00',
      'Marker:',
      '\tNumber\tT\tyyyy-MM-dd hh:mm\t',
      'Data:',
      '\tyyyy-MM-dd hh:mm\tT\tOut of limits',
      '\t2026-03-02 10:00\t5.2\t',
      '\t2026-03-02 10:10\t1.4\tx',
      '\t2026-03-02 10:20\t3.0\t',
      'Sig: 719c4f6bb685dcf1428aa91f1002f423',
    ],
    'latin1',
  ),
  'maxim, day first': Buffer.from(
    [
      '1-Wire/iButton Part Number: DS1921G-F5\r',
      '1-Wire/iButton Registration Number: EA0000002E200001\r',
      'Mission Start:  Mon Mar 02 12:14:00 CST 2026\r',
      'Sample Rate:  Every 60 minute(s)\r',
      'Number of Mission Samples:  3\r',
      'High Temperature Alarm:  85 °C\r',
      '\r',
      'Date/Time,Unit,Value',
      '2/3/26 12:14:00 PM,C,22',
      '2/3/26 1:14:00 PM,C,22.5',
      '2/3/26 2:14:00 PM,C,21',
      '',
    ].join('\n'),
    'latin1',
  ),
  'maxim, month first': crlf(
    [
      '1-Wire/iButton Part Number: DS1922T',
      '1-Wire/iButton Registration Number: 850000001C400001',
      'Sample Rate:  Every 600 second(s)',
      'Mission Start Time:  Mon Mar 02 11:49:01 IST 2026',
      'Mission Sample Count:  9',
      '',
      'Date/Time,Unit,Value',
      '3/2/26 11:49:01 AM,C,49.103',
      '3/2/26 11:59:01 AM,C,50.105',
    ],
    'latin1',
  ),
  lascar: crlf(
    [
      'BOX_02,Time,Celsius(°C),Serial Number',
      '1,2026-03-02 08:35:29,34.5,040000001',
      '2,2026-03-02 08:40:29,127.5',
      '3,2026-03-02 08:45:29,93.0',
    ],
    'latin1',
  ),
  hobo: crlf(
    [
      '\uFEFF"Plot Title: Square Tower"',
      '"#","Date Time, GMT-06:00","H08 Temp., °F (LGR S/N: 748001)"',
      '1,03/13/26 11:11:57 AM,77.31,Details',
      '2,03/13/26 12:23:57 PM,78.71,Product: H08 Logger',
      '3,03/13/26 01:35:57 PM,-1.77,Samples: 3',
      '4,03/13/26 02:47:57 PM,41,Min: -1.77 °F',
      '5,03/13/26 03:59:57 PM,41.5,Max: 78.71 °F',
    ],
    'utf8',
  ),
  wellzion: crlf(
    [
      '\uFEFF"Index","Timestamp","Thermocouple(°C)","Serial Number","Logger Name"',
      '"0","3/13/2026 10:39:59 AM","-270.0","170217TPT0040001","Thermocouple Data Logger"',
      '"1","3/13/2026 10:44:59 AM","22.9"',
      '"2","3/13/2026 10:49:59 AM","18.6"',
      '',
    ],
    'utf16le',
  ),
  ruuvi: Buffer.from(
    [
      'timestamp,temperature,humidity,pressure,rssi,acceleration x,acceleration y,acceleration z,voltage,' +
        'movement counter,measurement sequence number',
      '2026-03-02T12:00:00+0200,1.73,44.2,1013.06,-96,-0.032,-0.008,1.036,2.917,197,29478',
      '2026-03-02T12:05:00+0200,1.72,44.18,1013.06,-96,-0.028,-0.016,1.04,2.911,197,31526',
      '',
    ].join('\n'),
  ),
  'decimal comma, two channels': Buffer.from(
    [
      'Seriennummer;LOG-1',
      'Zeitzone;UTC+1',
      'Messtakt;5 min',
      '',
      'Datum;Uhrzeit;Temperatur innen [°C];Temperatur außen [°C];Feuchte [%rF]',
      '13.03.2026;11:00:00;5,0;21,5;40,5',
      '13.03.2026;11:05:00;5,5;---;41',
      '13.03.2026;11:10:00;4,5;21,0;42,25',
      '',
    ].join('\n'),
    'latin1',
  ),
} as const satisfies Record<string, Buffer>

export type LoggerFileName = keyof typeof LOGGER_FILES

function crlf(lines: readonly string[], encoding: BufferEncoding): Buffer {
  return Buffer.from(`${lines.join('\r\n')}\r\n`, encoding)
}

/** Bytes as a file that can be read more than once, in pieces of one size. */
export function sourceOf(bytes: Uint8Array, pieceBytes = 64 * 1024) {
  return async function* () {
    for (let from = 0; from < bytes.length; from += pieceBytes) yield bytes.subarray(from, from + pieceBytes)
  }
}
