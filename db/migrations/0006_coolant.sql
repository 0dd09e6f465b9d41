-- What the hold time of a container is estimated from: how much coolant it takes, what it loses, what it weighs empty.

alter table container add column coolant_capacity_milli integer check (coolant_capacity_milli > 0);
alter table container add column coolant_loss_milli_per_day integer check (coolant_loss_milli_per_day > 0);
alter table container add column empty_mass_g integer check (empty_mass_g > 0);
alter table container add column dynamic_hold_time_ms bigint check (dynamic_hold_time_ms > 0);
alter table container add constraint coolant_of_cooled check (kind in ('dry_vapour_shipper', 'dry_ice_box')
  or (coolant_capacity_milli is null and coolant_loss_milli_per_day is null));
comment on table container is
  'A box or dewar with its qualification; an object of its own that outlives shipments. Coolant in thousandths of a '
  'litre of nitrogen (dry vapour shipper) or of a kilogram of dry ice; its loss is that upright at 22 degrees Celsius. '
  'hold_time_ms is the qualified hold time at rest, dynamic_hold_time_ms that in transport.';
