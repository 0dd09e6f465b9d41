import { Counter, Gauge, Histogram, Registry } from 'prom-client'

/** All metrics of the service; labels never name a sensor or a shipment (their number is unbounded). */
export type Metrics = ReturnType<typeof createMetrics>

/** Creates a registry of its own, so that tests and two services in one process never share counters. */
export function createMetrics() {
  const registry = new Registry()
  const registers = [registry]
  return {
    registry,
    messages: new Counter({
      name: 'unbroken_ingest_messages_total',
      help: 'MQTT messages stored, by outcome (readings, rejected, held, quarantined)',
      labelNames: ['outcome'] as const,
      registers,
    }),
    readings: new Counter({
      name: 'unbroken_ingest_readings_total',
      help: 'Readings met at the door, by outcome (stored, duplicate, conflict)',
      labelNames: ['outcome'] as const,
      registers,
    }),
    batchSeconds: new Histogram({
      name: 'unbroken_ingest_batch_seconds',
      help: 'Duration of one recording transaction',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    queued: new Gauge({
      name: 'unbroken_ingest_queued_messages',
      help: 'Messages received, not yet stored',
      registers,
    }),
    brokerConnected: new Gauge({ name: 'unbroken_broker_connected', help: '1 while connected', registers }),
    sessionsLost: new Counter({
      name: 'unbroken_broker_sessions_lost_total',
      help: 'Reconnects at which the broker had forgotten the session: messages may be missing',
      registers,
    }),
    recordRetries: new Counter({
      name: 'unbroken_ingest_retries_total',
      help: 'Recording transactions that failed and were tried again',
      registers,
    }),
    resendRequests: new Counter({
      name: 'unbroken_resend_requests_total',
      help: 'Requests to sensors for messages that are missing',
      registers,
    }),
    judged: new Counter({ name: 'unbroken_judged_readings_total', help: 'Readings folded by the engine', registers }),
    failedSignIns: new Counter({ name: 'unbroken_failed_sign_ins_total', help: 'Passwords refused', registers }),
    evaluations: new Counter({ name: 'unbroken_evaluations_total', help: 'Evaluation versions stored', registers }),
    requests: new Histogram({
      name: 'unbroken_http_request_seconds',
      help: 'HTTP requests by method, route pattern and status',
      labelNames: ['method', 'route', 'status'] as const,
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    }),
  }
}
