-- Up Migration
-- A reading as ingest sends it: many of them are one parameter, in binary (libs/ingestion/src/incoming-readings.ts).
create type incoming_reading as (
  place integer,
  device_id integer,
  station_id integer,
  day date,
  measured_at timestamptz,
  received_at timestamptz,
  active_power_w integer,
  energy_total_wh bigint,
  energy_day_wh integer,
  temperature_dc smallint,
  frequency_chz smallint,
  line_voltages_dv smallint[],
  phase_currents_ca integer[],
  string_voltages_dv smallint[],
  string_currents_ca smallint[],
  status smallint,
  fault_code text,
  seq bigint,
  flags integer,
  vendor_status text
);

-- Each reading updates the latest one of its device: with room in the page no index is touched.
alter table latest_reading set (fillfactor = 50);

-- Down Migration
alter table latest_reading reset (fillfactor);
drop type incoming_reading;
