import type { FindingCode } from './finding.ts'

/** A finding in the words of the person at the dock: what it is, and what to do now. */
export type FindingText = { readonly what: string; readonly now: string }

const HOLD = 'Keep the unit at label temperature, apart and marked not for use.'

/** Plain sentences for every finding; the code stands beside them for machines. */
export const FINDING_TEXT: Record<FindingCode, FindingText> = {
  ID_MISMATCH: {
    what: 'The label is not the one that was ordered or sent: this may be the cells of another patient.',
    now: `Do not use it. ${HOLD} Call QA and the sponsor now.`,
  },
  EXPIRED: { what: 'The unit is past its expiry.', now: `Do not use it. ${HOLD} Call QA.` },
  CRITICAL_ALARM: {
    what: 'The temperature went beyond the critical limit on the way.',
    now: `Do not use it. ${HOLD} Call QA; only QA decides whether it can still be given.`,
  },
  BUDGET_EXCEEDED: {
    what: 'The unit was outside its label temperature for longer than its stability data allow.',
    now: `Do not use it. ${HOLD} Call QA.`,
  },
  UNIT_DAMAGED: {
    what: 'The bag is damaged or leaks.',
    now: `Do not use it. Do not open it. ${HOLD} Take a photo without the label and call QA.`,
  },
  RECALLED: { what: 'The sponsor has recalled this lot.', now: `Do not use it. ${HOLD} Call the sponsor.` },
  MAJOR_ALARM: {
    what: 'The temperature was beyond the limit for longer than allowed on the way.',
    now: `${HOLD} QA decides.`,
  },
  EXCURSION_UNASSESSED: {
    what: 'The temperature left its limits, and the product has no stability data to judge that by.',
    now: `${HOLD} QA asks the sponsor what it means.`,
  },
  WINDOW_CHANGED: {
    what: 'The time of packing or opening was typed or corrected, and readings beyond the limit fell out of it.',
    now: `${HOLD} QA looks at the readings that were left out.`,
  },
  READOUT_DIFFERS: {
    what: 'The memory of the logger lacks a reading beyond the limit that it sent on the way.',
    now: `${HOLD} Keep the logger, do not reset it. QA compares both.`,
  },
  SEAL_BROKEN: {
    what: 'A seal is broken.',
    now: `${HOLD} Keep all seals and take a photo. QA decides.`,
  },
  SEAL_MISMATCH: {
    what: 'The seals are not the ones that were put on, or there is none.',
    now: `${HOLD} Write down the numbers you see and keep the seals. QA decides.`,
  },
  PACKAGE_DAMAGED: { what: 'The box is damaged.', now: `Take a photo. ${HOLD} QA decides.` },
  CUSTODY_BROKEN: {
    what: 'It is not known who had the shipment all the way.',
    now: `${HOLD} QA asks those who handed it over.`,
  },
  INTEGRITY_FAILED: {
    what: 'The record of the journey was changed after it was written.',
    now: `${HOLD} Call QA and the administrator of this service.`,
  },
  HOLD_TIME_EXCEEDED: {
    what: 'The container was on its way longer than it is qualified to stay cold.',
    now: `Store the unit at once. ${HOLD} QA decides.`,
  },
  COOLANT_DEPLETED: {
    what: 'The container has no coolant left.',
    now: `Store the unit at once. ${HOLD} QA decides.`,
  },
  CONTAINER_UNQUALIFIED: {
    what: 'The container has no valid qualification for this journey.',
    now: `${HOLD} QA asks the sender for it.`,
  },
  CONTAINER_MISMATCH: {
    what: 'This is not the container that was packed.',
    now: `${HOLD} Call the sender and QA.`,
  },
  LOGGER_MISMATCH: {
    what: 'The logger in the box is not the one whose readings we have.',
    now: `Keep the logger. ${HOLD} Call the sender and QA.`,
  },
  WRONG_CONSIGNEE: {
    what: 'The shipment is meant for another place.',
    now: 'Leave it closed. Call the sender and the carrier, and keep it cold until it is fetched.',
  },
  UNIT_MISSING: {
    what: 'A bag of the packing list is not in the box.',
    now: `Look again in box and packing. ${HOLD} Call the sender and QA.`,
  },
  UNIT_UNEXPECTED: {
    what: 'There is a bag in the box that is not on the packing list.',
    now: `Do not use any of them. ${HOLD} Call the sender and QA.`,
  },
  TRANSFER_TOO_LONG: {
    what: 'The bag was in the air for longer than allowed.',
    now: `Store it now. ${HOLD} QA decides.`,
  },
  LOT_ON_HOLD: { what: 'The sponsor has put this lot on hold.', now: `${HOLD} Wait for the sponsor.` },
  DATA_ABSENT: {
    what: 'Temperature readings are missing and will not come any more.',
    now: `${HOLD} QA decides without them.`,
  },
  ID_UNVERIFIED: {
    what: 'The identity is not proven yet: two people must scan the label, and there must be an order to compare with.',
    now: `${HOLD} Let a second person scan the label without seeing the first result.`,
  },
  ALARM_PRESUMED: {
    what: 'Readings are missing beside a reading beyond the limit: the limit may have been broken for too long.',
    now: `${HOLD} Read out the logger; if the readings stay missing, QA decides.`,
  },
  BUDGET_PRESUMED: {
    what: 'If the missing readings were as bad as those beside them, the unit was outside its label for too long.',
    now: `${HOLD} Read out the logger; if the readings stay missing, QA decides.`,
  },
  DATA_PENDING: {
    what: 'Temperature readings are missing, and the logger has not been read out.',
    now: `${HOLD} Read out the logger now, or move it to where it has signal.`,
  },
  DATA_GAP: {
    what: 'Temperature readings are missing even after the logger was read out.',
    now: `${HOLD} QA decides.`,
  },
  CALIBRATION_INVALID: {
    what: 'The logger has no calibration that covers this journey and these limits.',
    now: `${HOLD} QA asks the sender for the certificate.`,
  },
  CUSTODY_INCOMPLETE: {
    what: 'A step of the journey was not recorded.',
    now: `${HOLD} Ask whoever took part to record it now; that clears it.`,
  },
  CHECK_NOT_DONE: {
    what: 'A check of the receipt was not done.',
    now: `${HOLD} Do it now, or write why it cannot be done.`,
  },
  DOCS_MISSING: { what: 'The papers are not complete.', now: `${HOLD} Ask the sender for them.` },
  RELEASE_PENDING: {
    what: 'The sponsor has not certified the batch yet.',
    now: `${HOLD} Wait for the sponsor; nothing else is missing for this.`,
  },
  EXPIRY_UNCLEAR: {
    what: 'The expiry is past by one clock and not by another: the label does not say in which time zone it is meant.',
    now: `Do not use it. ${HOLD} Ask the sponsor for the exact time.`,
  },
  DEVICE_ALARM: {
    what: 'The logger shows an alarm, our limits do not.',
    now: `Do not use until QA has compared. ${HOLD}`,
  },
  DISPLAY_DISAGREES: {
    what: 'The logger shows another temperature than it sent: it may be another logger, or another unit of measure.',
    now: `${HOLD} Compare the number of the logger, read the display again. QA decides.`,
  },
  INDICATOR_TRIPPED: {
    what: 'The box was tipped over or hit: an indicator shows it, or it arrived lying.',
    now: `Store the unit at once: a dry shipper on its side loses its nitrogen within hours. ${HOLD} QA decides.`,
  },
  SENSOR_SUSPECT: {
    what: 'The logger showed the very same value for hours: it may not have measured.',
    now: `${HOLD} Keep the logger. QA decides.`,
  },
  CLOCK_UNTRUSTED: {
    what: 'The clock of the logger is wrong by more than five minutes.',
    now: `${HOLD} Write down what the logger's clock shows, and the time now. QA decides.`,
  },
  WARNING_ALARM: {
    what: 'The temperature came close to what the product can bear, within its stability data.',
    now: 'The unit may be used. A deviation is recorded.',
  },
  EXCURSION_BELOW_ALARM: {
    what: 'The temperature left its limits for a short time, within what its stability data allow.',
    now: 'The unit may be used where nothing else was found. A deviation is recorded.',
  },
}
