-- What a calibration after the journey found before anything was adjusted.

alter table calibration add column as_found text check (as_found in ('within', 'out_of_tolerance'));
comment on column calibration.as_found is
  'How the laboratory found the sensor. out_of_tolerance: since the certificate before this one nobody knows what it '
  'really measured, so that no verdict rests on it. Null: not stated.';
