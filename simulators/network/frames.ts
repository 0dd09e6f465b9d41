/** One MQTT control packet as it crossed the wire; `id` only where it is a PUBLISH at QoS 1 or a PUBACK. */
export type Frame = { kind: 'connect' | 'publish' | 'puback' | 'other'; id: number; bytes: Buffer }

/** Cuts a stream into MQTT packets, whatever pieces it comes in; throws where it is none. Version-independent. */
export function createFramer(): (chunk: Buffer) => Frame[] {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    const frames: Frame[] = []
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (let header = headerOf(rest); header !== null; header = headerOf(rest)) {
      const end = header.length + header.remaining
      if (rest.length < end) break
      frames.push(frameOf(rest.subarray(0, end), header.length))
      rest = rest.subarray(end)
    }
    return frames
  }
}

/** Far more than any message the service takes (256 KiB). */
const MAX_PACKET_BYTES = 4 * 1024 * 1024

/** Packet type and flags, then the remaining length in 7-bit digits, lowest first; null while it is cut off. */
function headerOf(bytes: Buffer): { length: number; remaining: number } | null {
  let remaining = 0
  for (let digit = 0; digit < 4; digit += 1) {
    const byte = bytes[1 + digit]
    if (byte === undefined) return null
    remaining += (byte & 0x7f) * 128 ** digit
    if (remaining > MAX_PACKET_BYTES) break
    if (byte < 0x80) return { length: 2 + digit, remaining }
  }
  throw new Error(`no MQTT: a packet of more than ${MAX_PACKET_BYTES} bytes`)
}

const CONNECT = 1
const PUBLISH = 3
const PUBACK = 4

function frameOf(bytes: Buffer, headerLength: number): Frame {
  const first = bytes.readUInt8(0)
  const type = first >> 4
  const qos = (first >> 1) & 3
  if (type === CONNECT) return { kind: 'connect', id: 0, bytes }
  if (type === PUBACK) return { kind: 'puback', id: bytes.readUInt16BE(headerLength), bytes }
  if (type !== PUBLISH || qos !== 1) return { kind: 'other', id: 0, bytes }
  // the topic with its length comes first, then the packet identifier
  return { kind: 'publish', id: bytes.readUInt16BE(headerLength + 2 + bytes.readUInt16BE(headerLength)), bytes }
}
