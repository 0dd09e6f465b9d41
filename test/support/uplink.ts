import type { Uplink } from '../../src/domain/uplink.ts'

export const DEV_EUI = '0004a30b001c0530'

/** Bytes of hexadecimal text, spaces apart. */
export function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))
}

/** An uplink with these bytes; what is not said is plain. */
export function uplinkOf(bytes: Uint8Array | string, more: Partial<Uplink> = {}): Uplink {
  const frame = typeof bytes === 'string' ? hex(bytes) : bytes
  return { devEui: DEV_EUI, fPort: 2, bytes: frame, decoded: null, at: Date.UTC(2026, 2, 2, 9, 55), seq: 7, ...more }
}

type Published = { bytes?: Uint8Array; decoded?: unknown; at: string; fPort?: number; fCnt?: number; devEui?: string }

/** The body of an uplink as The Things Stack v3 publishes it; empty fields and zeros are left out. */
export function theThingsStackBody({ bytes, decoded, at, fPort = 2, fCnt = 0, devEui = DEV_EUI }: Published): string {
  return JSON.stringify({
    end_device_ids: {
      device_id: 'dev1',
      application_ids: { application_id: 'app1' },
      dev_eui: devEui.toUpperCase(),
      join_eui: '800000000000000C',
      dev_addr: '00BCB929',
    },
    correlation_ids: ['as:up:01E0WZGT6Y7657CPFPE5WEYDSQ'],
    received_at: at,
    uplink_message: {
      session_key_id: 'AXA50tHUGUucuzS/bCGMNw==',
      ...(fPort === 0 ? {} : { f_port: fPort }),
      ...(fCnt === 0 ? {} : { f_cnt: fCnt }),
      ...(bytes === undefined ? {} : { frm_payload: Buffer.from(bytes).toString('base64') }),
      ...(decoded === undefined ? {} : { decoded_payload: decoded }),
      rx_metadata: [{ gateway_ids: { gateway_id: 'gtw1', eui: '9C5C8E00001A05C4' }, time: at, rssi: -35, snr: 5 }],
      settings: { data_rate: { lora: { bandwidth: 125_000, spreading_factor: 7 } }, frequency: '868300000' },
      received_at: at,
    },
  })
}

/** The body of an uplink event as ChirpStack v4 publishes it; zeros are left out. */
export function chirpstackBody({ bytes, decoded, at, fPort = 2, fCnt = 0, devEui = DEV_EUI }: Published): string {
  return JSON.stringify({
    deduplicationId: '3ac7e3c4-4401-4b8d-9386-a5c902f9202d',
    time: at,
    deviceInfo: { tenantName: 'ChirpStack', applicationName: 'Test application', deviceName: 'Test device', devEui },
    devAddr: '00189440',
    dr: 1,
    ...(fPort === 0 ? {} : { fPort }),
    ...(fCnt === 0 ? {} : { fCnt }),
    ...(bytes === undefined ? {} : { data: Buffer.from(bytes).toString('base64') }),
    ...(decoded === undefined ? {} : { object: decoded }),
    rxInfo: [{ gatewayId: '0016c001f153a14c', uplinkId: 4217106255, rssi: -36, snr: 10.5 }],
    txInfo: { frequency: 867100000, modulation: { lora: { bandwidth: 125_000, spreadingFactor: 11 } } },
  })
}

/** Topics as the two network servers have them. */
export const TTS_TOPIC = 'v3/app1@tenant1/devices/dev1/up'
export const CHIRPSTACK_TOPIC = `application/17c82e96-be03-4f38-aef3-f83d48582d97/device/${DEV_EUI}/event/up`
