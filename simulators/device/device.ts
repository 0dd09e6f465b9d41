import { Link } from '../link.ts'
import { Firmware, type Step, type Transmission } from './firmware.ts'
import type { TrueSample } from './measuring.ts'
import type { DeviceScript } from './script.ts'
import { readWish } from './wish.ts'

/**
 * A device on a connection of its own: what its firmware decides, published under its own credentials, with its status
 * retained (`{"online":true}`, as last will `{"online":false}`) and its downlink heard. A wish on the downlink is
 * `{"resend":[[from,to],...],"attempt":1}`, sequence numbers with both ends; unknown numbers and texts are ignored.
 */
export class SimulatedDevice {
  readonly #door: DeviceDoor
  readonly #firmware: Firmware
  readonly #link: Link
  readonly #tellsAlarm: boolean
  #alarmSaid = false

  constructor(door: DeviceDoor, script: DeviceScript) {
    this.#door = door
    this.#tellsAlarm = script.alarm?.toldIn === 'status'
    this.#firmware = new Firmware(script, { sensorId: door.sensorId, startAt: door.startAt })
    const { mqttUrl, sensorId, secret, protocolVersion = 4, maxUnacked = DEFAULT_MAX_UNACKED } = door
    this.#link = new Link({
      ...{ mqttUrl, clientId: `sensor-${sensorId}`, username: String(sensorId), password: secret, protocolVersion },
      maxUnacked,
      will: this.#status({ online: false }),
      announcement: this.#status({ online: true }),
      listen: {
        topic: this.#topic('config'),
        onMessage: (_topic, payload) => this.#hear(payload),
      },
    })
  }

  /** Lets the device live at the instant of a sample; its radio goes on and off as its script says. */
  measure(sample: TrueSample): Step {
    const step = this.#firmware.measure(sample)
    switch (step.radio) {
      case 'on':
        this.#link.goOnline()
        break
      case 'off':
      case 'dead':
        this.#link.goOffline()
    }
    return this.#transmit(step)
  }

  /** Reads out what still waits inside. */
  flush(): Step {
    const step = this.#firmware.flush()
    if (step.radio === 'on') this.#link.goOnline()
    return this.#transmit(step)
  }

  /** Connects without having measured. */
  goOnline(): void {
    this.#link.goOnline()
  }

  /** The connection breaks, outside the script; the next `measure` brings it back where the script has it on. */
  goOffline(): void {
    this.#link.goOffline()
  }

  /** Says goodbye: its status is offline by its own word. */
  async switchOff(): Promise<void> {
    this.#link.announce(this.#status({ online: false }))
    await this.#link.close()
  }

  progress(): { published: number; acked: number } {
    return this.#link.progress()
  }

  settled(deadlineMs: number): Promise<void> {
    return this.#link.settled(deadlineMs)
  }

  #hear(payload: Uint8Array): void {
    const wish = readWish(payload)
    if (wish !== null) this.#transmit(this.#firmware.resend(wish.resend, wish.attempt))
  }

  #transmit(step: Step): Step {
    for (const transmission of step.transmissions) {
      const { payload, contentType, ending } = transmission
      const { tellsFormatBy = 'topic', onDelivered, onForgotten } = this.#door
      const message =
        tellsFormatBy === 'topic'
          ? { topic: this.#topic(`readings${ending}`), payload }
          : { topic: this.#topic('readings'), payload, contentType }
      this.#link.publish(message, (outcome) => (outcome === 'acked' ? onDelivered : onForgotten)?.(transmission))
    }
    if (this.#tellsAlarm && step.alarm !== this.#alarmSaid && step.radio !== 'dead') {
      this.#alarmSaid = step.alarm
      this.#link.announce(this.#status({ online: true, alarm: step.alarm }))
    }
    return step
  }

  #status(status: { online: boolean; alarm?: boolean }) {
    return { topic: this.#topic('status'), payload: JSON.stringify(status) }
  }

  #topic(ending: string): string {
    return `${this.#door.topicPrefix ?? DEFAULT_TOPIC_PREFIX}/${this.#door.sensorId}/${ending}`
  }
}

/** Where a device publishes, as whom, since when it is switched on (epoch ms), and who hears what became of it. */
export type DeviceDoor = {
  mqttUrl: string
  sensorId: number
  secret: string
  startAt: number
  topicPrefix?: string
  /** 5 where the format is told by content type. */
  protocolVersion?: 4 | 5
  tellsFormatBy?: 'topic' | 'content_type'
  /** Messages kept without PUBACK. */
  maxUnacked?: number
  /** The PUBACK came: what this transmission tells is known from now on. */
  onDelivered?: (transmission: Transmission) => void
  /** The memory was full before the PUBACK came; the service may have it or not. */
  onForgotten?: (transmission: Transmission) => void
}

const DEFAULT_TOPIC_PREFIX = 'unbroken/v1'
const DEFAULT_MAX_UNACKED = 10_000
