import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isFailure } from '../../src/domain/gs1-field.ts'
import { parseScan } from '../../src/domain/gs1-scan.ts'
import { parseTypedDin } from '../../src/domain/isbt128.ts'

const NOW = Date.UTC(2026, 2, 2)
const GS = '\u001d'
const GTIN = '09521321001237'

function scanned(raw: string) {
  const scan = parseScan(raw, NOW)
  if (isFailure(scan)) throw new Error(`${scan.problem}: ${scan.detail}`)
  return scan
}

describe('what scanners send is read alike', () => {
  const bag = { '01': GTIN, '10': 'LOT7A', '17': '271231', '21': 'BAG-0007' }
  test.each([
    ['GS1 DataMatrix with its prefix', `]d201${GTIN}1727123110LOT7A${GS}21BAG-0007`],
    ['prefix and leading FNC1', `]d2${GS}01${GTIN}1727123110LOT7A${GS}21BAG-0007`],
    ['GS1-128', `]C101${GTIN}1727123110LOT7A${GS}21BAG-0007`],
    ['GS1 QR', `]Q301${GTIN}1727123110LOT7A${GS}21BAG-0007`],
    ['GS1 DataBar', `]e001${GTIN}1727123110LOT7A${GS}21BAG-0007`],
    ['GS1 DotCode', `]J101${GTIN}1727123110LOT7A${GS}21BAG-0007`],
    ['no prefix and no leading FNC1', `01${GTIN}1727123110LOT7A${GS}21BAG-0007`],
    ['separators everywhere, also after fixed lengths', `${GS}01${GTIN}${GS}17271231${GS}10LOT7A${GS}21BAG-0007${GS}`],
    ['another order', `${GS}21BAG-0007${GS}10LOT7A${GS}1727123101${GTIN}`],
    ['the separator as a word', `01${GTIN}1727123110LOT7A<GS>21BAG-0007`],
    ['the separator in braces', `01${GTIN}1727123110LOT7A{GS}21BAG-0007`],
    ['the separator as a picture', `01${GTIN}1727123110LOT7A\u241d21BAG-0007`],
    ['Enter at the end', `]d201${GTIN}1727123110LOT7A${GS}21BAG-0007\r\n`],
    ['typed as printed', `(01)${GTIN}(17)271231(10)LOT7A(21)BAG-0007`],
    ['typed as printed, with blanks', ` (01) ${GTIN} (17) 271231 (10) LOT7A (21) BAG-0007`],
    ['a Digital Link', `https://id.gs1.org/01/${GTIN}/10/LOT7A/21/BAG-0007?17=271231`],
    ['a Digital Link in a plain QR code', `]Q1https://id.gs1.org/01/${GTIN}/10/LOT7A/21/BAG-0007?17=271231`],
    [
      'a Digital Link of an own domain below a path',
      `HTTPS://ID.Sponsor.example/x/01/${GTIN}/10/LOT7A/21/BAG-0007?17=271231`,
    ],
    [
      'parameters that are no attributes',
      `https://id.gs1.org/01/${GTIN}/10/LOT7A/21/BAG-0007?linkType=all&17=271231#top`,
    ],
    ['percent signs', `https://id.gs1.org/01/${GTIN}/10/LOT7A/21/BAG%2D0007?17=271231`],
    ['the same field twice', `01${GTIN}1727123110LOT7A${GS}21BAG-0007${GS}10LOT7A`],
  ])('%s', (_what, raw) => {
    const scan = scanned(raw)
    expect(scan.fields).toEqual(bag)
    expect(scan.raw).toBe(raw)
    expect(scan.keys).toMatchObject({ gtin: GTIN, serial: 'BAG-0007', lot: 'LOT7A', sscc: null, din: null })
    expect(scan.expiry).toEqual({ date: '2027-12-31', time: null })
  })

  test.each([
    ['EAN-13', ']E04006381333931', { gtin: '04006381333931' }],
    ['EAN-8', ']E440170725', { gtin: '00000040170725' }],
    ['UPC-A', '036000291452', { gtin: '00036000291452' }],
    ['ITF-14', ']I109521321001237', { gtin: GTIN }],
    ['bare SSCC digits', '195213210000000428', { sscc: '195213210000000428' }],
    ['a box label', `]C100195213210000000428`, { sscc: '195213210000000428' }],
    ['a box label without FNC1', '00195213210000000428', { sscc: '195213210000000428' }],
    ['an EPC URN', 'urn:epc:id:sgtin:9521321.000123.BAG-0007', { gtin: GTIN, serial: 'BAG-0007' }],
    ['a logger', '(8004)9521321LOG42', { giai: '9521321LOG42' }],
    ['a dewar', '80030952132100077' + '3DS9', { grai: '09521321000773DS9' }],
    ['a place', '(414)9521321000049(254)CRYO1', { gln: '9521321000049', glnExtension: 'CRYO1' }],
    ['a party', 'https://id.gs1.org/417/9521321000032', { party: '9521321000032' }],
    ['a donation', '=G12348965432100', { din: 'G123489654321' }],
    ['a donation in Code 128', ']C0=G12348965432100', { din: 'G123489654321' }],
    ['a donation typed', 'G1234 89 654321 Y', { din: 'G123489654321' }],
  ])('%s', (_what, raw, keys) => expect(scanned(raw).keys).toMatchObject(keys))
})

describe('what cannot be read says why', () => {
  test.each([
    ['', 'EMPTY'],
    [' \r\n', 'EMPTY'],
    [GS, 'EMPTY'],
    ['1'.repeat(5000), 'TOO_LONG'],
    ['BAG-0007', 'UNKNOWN_CODE'],
    ['hello', 'UNKNOWN_CODE'],
    ['195213210000000429', 'CHECK_DIGIT'],
    ['4006381333932', 'CHECK_DIGIT'],
    [`${GS}0109521321001238`, 'CHECK_DIGIT'],
    ['0109521321001238', 'CHECK_DIGIT'],
    [`]d20195213`, 'LENGTH'],
    [`]d201${GTIN}17271331`, 'DATE'],
    [`]d201${GTIN}17270230`, 'DATE'],
    [`]d201${GTIN}70032712312460`, 'DATE'],
    [`]d201${GTIN}7003271231`, 'LENGTH'],
    [`]d201${GTIN}10LOT 7`, 'CHARACTER'],
    [`]d201${GTIN}10`, 'LENGTH'],
    [`]d201${GTIN}10${'L'.repeat(21)}`, 'LENGTH'],
    [`]d201${GTIN}99x${GS}6512`, 'UNKNOWN_AI'],
    [`]d201${GTIN}10A${GS}10B`, 'CONTRADICTS'],
    ['(01)9521321001237', 'LENGTH'],
    ['(65)1', 'UNKNOWN_AI'],
    ['https://example.org/hello', 'NO_KEY'],
    ['https://id.gs1.org/01/09521321001237/10', 'NO_KEY'],
    ['https://id.gs1.org/00/195213210000000428/10/LOT', 'NO_KEY'],
    ['https://', 'MALFORMED_LINK'],
    [`https://id.gs1.org/01/${GTIN}/10/%E0%A4%A`, 'MALFORMED_LINK'],
    ['urn:epc:id:sgtin:9521321.000123', 'UNKNOWN_CODE'],
    ['urn:epc:id:sscc:95213.1000000042', 'UNKNOWN_CODE'],
    ['urn:epc:id:sscc:9521321.100000004', 'LENGTH'],
    ['=<E0001V00', 'UNKNOWN_CODE'],
    ['=G1234896543216Z', null],
    ['=G12348965432161', 'CHECK_CHARACTER'],
    ['=G1234896543210!', 'CHARACTER'],
    ['G1234 89 654321 X', 'CHECK_CHARACTER'],
    ['G1234 89 654321', 'CHECK_CHARACTER'],
  ])('%j: %s', (raw, problem) => {
    const scan = parseScan(raw, NOW)
    expect(isFailure(scan) ? scan.problem : null).toBe(problem)
    if (isFailure(scan)) expect(scan).toMatchObject({ raw, detail: expect.stringMatching(/\.$/) })
  })

  test('nothing makes the reader throw, and a success keeps what was read', () => {
    const part = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        GS,
        '(01)',
        '01',
        GTIN,
        '17',
        '271200',
        '10',
        '21',
        'https://',
        '/',
        '?',
        '%',
        '=',
        '&',
        'urn:epc:id:',
      ),
      fc.constantFrom(']d2', ']C1', 'sgtin:', 'giai:', '9521321.', 'G123489654321', '(', ')', '\\', '8003', '7003'),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), fc.maxSafeInteger(), (parts, now) => {
        const raw = parts.join('')
        const scan = parseScan(raw, Math.abs(now) % 8.6e15)
        expect(scan.raw).toBe(raw)
        if (isFailure(scan)) expect(scan.detail).not.toBe('')
      }),
      { numRuns: 2000 },
    )
  })
})

describe('dates and limits on labels', () => {
  test.each([
    ['280200', '2028-02-29'],
    ['270200', '2027-02-28'],
    ['271200', '2027-12-31'],
    ['271101', '2027-11-01'],
    ['760101', '2076-01-01'],
    ['770101', '1977-01-01'],
    ['000101', '2000-01-01'],
  ])('%s is %s seen from 2026', (date, expected) =>
    expect(scanned(`]d201${GTIN}17${date}`).expiry).toEqual({ date: expected, time: null }),
  )

  test.each([
    [Date.UTC(2026, 0, 1), '76', '2076'],
    [Date.UTC(2026, 0, 1), '77', '1977'],
    [Date.UTC(2060, 0, 1), '10', '2110'],
    [Date.UTC(2060, 0, 1), '11', '2011'],
    [Date.UTC(2099, 11, 31), '49', '2149'],
    [Date.UTC(2099, 11, 31), '50', '2050'],
  ])('seen from %s, year %s is %s', (now, yy, year) => {
    const scan = parseScan(`]d201${GTIN}17${yy}0101`, now)
    expect(isFailure(scan) ? scan : scan.expiry?.date).toBe(`${year}-01-01`)
  })

  test('the minute of AI 7003 rules over the day of AI 17', () =>
    expect(scanned(`]d201${GTIN}1727123170032712311830`).expiry).toEqual({ date: '2027-12-31', time: '18:30' }))

  test.each([
    ['4331000800', { maxMilliC: 8000 }],
    ['4333015000-', { minMilliC: -150_000 }],
    ['4330004640', { maxMilliC: 8000 }],
    ['4332023800-', { minMilliC: -150_000 }],
  ])('logistic label %s', (field, limits) =>
    expect(scanned(`]C100195213210000000428${field}`).printedLimits).toMatchObject(limits),
  )
})

describe('donation numbers', () => {
  test('the published worked example of the UK Red Book', () => {
    expect(parseTypedDin('G123 498 654 321 H')).toEqual({ din: 'G123498654321', flags: null })
    expect(scanned('=G12349865432177').keys.din).toBe('G123498654321')
  })
  test('flags that are no check are not compared', () => {
    for (const flags of ['00', '19', '59', 'A1', '97'])
      expect(scanned(`=G123498654321${flags}`).keys.din).not.toBeNull()
  })
  test('one changed character is always noticed', () => {
    const din = 'G123498654321'
    for (const [place, character] of [...din].entries()) {
      const others = [...(place === 0 ? 'ABCDEFHW1' : '0123456789')].filter((other) => other !== character)
      for (const other of others) {
        const wrong = parseTypedDin(`${din.slice(0, place)}${other}${din.slice(place + 1)}H`)
        expect(wrong).toMatchObject({ problem: 'CHECK_CHARACTER' })
      }
    }
  })
})
