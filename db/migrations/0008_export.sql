-- Records are exported in the order of recording, across shipments, and found by what they are about.

create index custody_event_by_recording on custody_event (known_at, shipment_id, seq);
create index evaluation_by_recording on evaluation (known_at, shipment_id, version);
create index placement_by_recording on placement (known_at, shipment_id, id);
create index placement_by_ending on placement (superseded_at, shipment_id, id) where superseded_at is not null;
create index placement_by_correction on placement (corrects_id) where corrects_id is not null;
-- superseded placements are told, too
create index placement_ever_by_shipment on placement (shipment_id, id);
create index placement_ever_by_sensor on placement (sensor_id, shipment_id);
create index sensor_by_serial on sensor (serial);
create index container_by_grai on container (grai) where grai is not null;
create index shipment_by_container on shipment (container_id) where container_id is not null;
create index unit_by_serial on unit (serial, gtin) where serial is not null;
create index unit_by_din on unit (din) where din is not null;
-- a statement about loggers can name one that was never placed here
create index custody_event_by_sensor on custody_event using gin (jsonb_path_query_array(record, '$.**.sensorId[*]'))
  where record @? '$.**.sensorId';
