import { type Expression, type ExpressionBuilder, type RawBuilder, type SqlBool, sql } from 'kysely'
import type { Tables } from '../../db/tables.ts'
import { type Actor, isAdministrator } from '../domain/actor.ts'

/**
 * What an organisation may see, decided here and nowhere else: every query that serves an actor takes its condition
 * from this file. A shipment is visible to its parties; what belongs to it (events, readings, evaluations) through it.
 * A thing that is not visible does not exist for the asker: `not_found`, never `not_allowed`.
 */
export function canSeeShipment(actor: Asking, shipmentId: Expression<number>): Expression<SqlBool> {
  return sql<SqlBool>`exists (select 1 from shipment_party seen_p
    where seen_p.shipment_id = ${shipmentId} and seen_p.organisation_id = ${actor.organisationId})`
}

/*
 * Inside of these conditions every table has an alias that no other query has: an expression of the outer query, as
 * `p.shipment_id`, would else be taken for that of the inner one, and the condition would always hold.
 */

/** An expression where the query is put together before anyone asks. */
type Asking = { organisationId: Actor['organisationId'] | Expression<number> }

/** The organisation that runs this installation: it holds the first key ever issued. */
export function runsInstallation(actor: Actor): RawBuilder<SqlBool> {
  return sql<SqlBool>`${actor.organisationId} = (select k.organisation_id from api_key k order by k.id limit 1)`
}

/** One's own organisation and those one shares a shipment with; the administrator of the installation sees all. */
export function canSeeOrganisation(actor: Actor, organisationId: Expression<number>): Expression<SqlBool> {
  const shared = sql<SqlBool>`(${organisationId} = ${actor.organisationId} or exists (
    select 1 from shipment_party seen_p join shipment_party seen_q on seen_q.shipment_id = seen_p.shipment_id
      where seen_p.organisation_id = ${actor.organisationId} and seen_q.organisation_id = ${organisationId}))`
  return isAdministrator(actor) ? sql<SqlBool>`(${shared} or ${runsInstallation(actor)})` : shared
}

/** People of one's own organisation; the administrator of the installation sees all. */
export function canSeePerson(actor: Actor, eb: ExpressionBuilder<Tables, 'person'>): Expression<SqlBool> {
  const own = eb('person.organisation_id', '=', actor.organisationId ?? 0)
  return isAdministrator(actor) ? eb.or([own, runsInstallation(actor)]) : own
}

/** Own containers, and those of visible shipments. */
export function canSeeContainer(actor: Actor, containerId: Expression<number>): Expression<SqlBool> {
  return sql<SqlBool>`(exists (select 1 from container seen_c
      where seen_c.id = ${containerId} and seen_c.organisation_id = ${actor.organisationId})
    or exists (select 1 from shipment seen_s join shipment_party seen_p on seen_p.shipment_id = seen_s.id
      where seen_s.container_id = ${containerId} and seen_p.organisation_id = ${actor.organisationId}))`
}

/**
 * Audit entries: what one's own organisation did, what anyone did to it (its keys, sites, people) or to a visible
 * shipment, and what the service did with own sensors and their messages. Placements and custody events are entered
 * under their shipment. Which months were archived and restored is seen by the installation's administrator.
 */
export function canSeeAuditEntry(actor: Actor, eb: ExpressionBuilder<Tables, 'audit_entry'>): Expression<SqlBool> {
  const org = actor.organisationId ?? 0
  // by number, so that the other table's key serves; the case keeps subjects of other kinds from being read as one
  const subject = (kind: string) =>
    sql`case when audit_entry.subject_kind = ${kind} then audit_entry.subject_id::bigint end`
  return eb.or([
    eb('audit_entry.organisation_id', '=', org),
    sql<SqlBool>`${org} = ${subject('organisation')}`,
    sql<SqlBool>`exists (select 1 from api_key k where k.id = ${subject('api_key')} and k.organisation_id = ${org})`,
    sql<SqlBool>`exists (select 1 from site s where s.id = ${subject('site')} and s.organisation_id = ${org})`,
    sql<SqlBool>`exists (select 1 from person h where h.id = ${subject('person')} and h.organisation_id = ${org})`,
    sql<SqlBool>`exists (select 1 from shipment_party seen_p
      where seen_p.shipment_id = ${subject('shipment')} and seen_p.organisation_id = ${org})`,
    sql<SqlBool>`exists (select 1 from sensor s where s.id = ${subject('sensor')} and s.organisation_id = ${org})`,
    sql<SqlBool>`exists (select 1 from kept_message m join sensor s on s.id = m.sensor_id
      where m.id = ${subject('message')} and s.organisation_id = ${org})`,
    ...(actor.role === 'administrator'
      ? [sql<SqlBool>`(audit_entry.subject_kind = 'archive' and ${runsInstallation(actor)})`]
      : []),
  ])
}

/** Own sensors, and those placed on a visible shipment. */
export function canSeeSensor(actor: Actor, eb: ExpressionBuilder<Tables, 'sensor'>): Expression<SqlBool> {
  return eb.or([
    eb('sensor.organisation_id', '=', actor.organisationId ?? 0),
    sql<SqlBool>`exists (select 1 from placement l join shipment_party seen_p on seen_p.shipment_id = l.shipment_id
      where l.sensor_id = sensor.id and seen_p.organisation_id = ${actor.organisationId})`,
  ])
}

/**
 * Own products, those of shipments one is a party to, and those the owner entered an order of for oneself. An order by
 * anyone else opens nothing: it would open any product to whoever guesses its number.
 */
export function canSeeProduct(actor: Actor, productId: Expression<number>): Expression<SqlBool> {
  const org = actor.organisationId
  return sql<SqlBool>`(exists (select 1 from product seen_o
      where seen_o.id = ${productId} and seen_o.organisation_id = ${org})
    or exists (select 1 from shipment seen_s join shipment_party seen_p on seen_p.shipment_id = seen_s.id
      where seen_s.product_id = ${productId} and seen_p.organisation_id = ${org})
    or exists (select 1 from therapy_order seen_t join product seen_o on seen_o.id = seen_t.product_id
      where seen_t.product_id = ${productId} and seen_t.organisation_id = seen_o.organisation_id
        and seen_t.consignee_id = ${org}))`
}

/** Orders one entered, is to receive, or whose product is one's own. */
export function canSeeOrder(actor: Actor, eb: ExpressionBuilder<Tables, 'therapy_order'>): Expression<SqlBool> {
  const org = actor.organisationId ?? 0
  return eb.or([
    eb('therapy_order.organisation_id', '=', org),
    eb('therapy_order.consignee_id', '=', org),
    sql<SqlBool>`exists (select 1 from product where product.id = therapy_order.product_id
      and product.organisation_id = ${org})`,
    sql<SqlBool>`exists (select 1 from shipment seen_s join shipment_party seen_p on seen_p.shipment_id = seen_s.id
      where seen_s.order_id = therapy_order.id and seen_p.organisation_id = ${org})`,
  ])
}

/**
 * Kept messages: those of one's own sensors, also of those registered with the message's DevEUI since; those of no
 * known sensor belong to nobody yet and are seen by the installation's administrator.
 */
export function canSeeMessage(actor: Actor, eb: ExpressionBuilder<Tables, 'kept_message'>): Expression<SqlBool> {
  const sensors = sql`(select s.organisation_id from sensor s where s.id = kept_message.sensor_id
    union all select s.organisation_id from lorawan_registration w join sensor s on s.id = w.sensor_id
      where kept_message.sensor_id is null and w.dev_eui = kept_message.dev_eui and w.superseded_at is null)`
  const own = sql<SqlBool>`${actor.organisationId} in ${sensors}`
  if (!isAdministrator(actor)) return own
  return eb.or([own, eb.and([runsInstallation(actor), sql<SqlBool>`not exists ${sensors}`])])
}

/** Legal holds: those of one's own organisation. Others learn from a shipment that it is held, not by whom or why. */
export function canSeeHold(actor: Actor, eb: ExpressionBuilder<Tables, 'legal_hold'>): Expression<SqlBool> {
  return eb('legal_hold.organisation_id', '=', actor.organisationId ?? 0)
}

/** Imports of logger files, with the files: those of one's own organisation. */
export function canSeeImport(actor: Actor, eb: ExpressionBuilder<Tables, 'logger_import'>): Expression<SqlBool> {
  return eb('logger_import.organisation_id', '=', actor.organisationId ?? 0)
}

/** What a sponsor said about its lots: itself, and whoever has a shipment with a unit of the lot. */
export function canSeeLotDecision(actor: Actor, eb: ExpressionBuilder<Tables, 'lot_decision'>): Expression<SqlBool> {
  const org = actor.organisationId
  return eb.or([
    sql<SqlBool>`exists (select 1 from product own where own.id = lot_decision.product_id
      and own.organisation_id = ${org})`,
    sql<SqlBool>`exists (select 1 from unit u join shipment s on s.id = u.shipment_id
      join shipment_party p on p.shipment_id = s.id
      where u.lot = lot_decision.lot and s.product_id = lot_decision.product_id and p.organisation_id = ${org})`,
  ])
}
