/**
 * What users of other systems report, each as it must not happen here; the keys are the issues. Every one of them has
 * a scenario (a test proves it).
 */
export const REPORTS = {
  'ThingsBoard #5652': 'duplicate alarms from messages milliseconds apart',
  'ThingsBoard #15583': 'duplicate alarms from messages milliseconds apart, again',
  'ThingsBoard #14210': 'a false alarm during a data gap, because a tick adds wall-clock time',
  'ThingsBoard #8681': 'a buffered upload of two hours of readings raises alarms out of order',
  'ThingsBoard #16118': 'the alarm never starts when a schedule opens without new telemetry',
  'OpenRemote #1642': 'late values are dropped',
  'OpenRemote #1674': 'future times are rewritten',
  'OpenRemote #2676': 'reordered values are judged in order of arrival',
  'msupply mobile #3569': 'every download of a logger creates its breaches again',
  'msupply mobile #3757': '1, 9, 9, 9 crosses both limits and never is a breach',
  'msupply mobile #4549': 'a cumulative breach hides a consecutive one',
  'open-msupply #8360': 'breaches are split at midnight',
  'open-msupply #3207': 'the breach of a lost sensor never ends',
  'open-msupply #2597': 'the location is assigned after the data arrived',
  'Mosquitto #1747': "messages are parked in an offline member's session",
  'Mosquitto #2662': "messages are parked in an offline member's session, again",
  'Mosquitto #2349': 'a queue that overflows drops QoS 1 in silence',
} as const

/** An issue in another project. */
export type ReportKey = keyof typeof REPORTS
