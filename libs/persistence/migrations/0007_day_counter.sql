-- Up Migration
-- Where a logger sends nothing but the counter of the day, the day is known by it, as an estimate.
alter table station_day drop constraint station_day_method;
alter table station_day add constraint station_day_method check (method in ('meter_counter', 'inverter_counter',
  'day_counter', 'power_integral', 'simulated'));

-- Down Migration
update station_day set method = 'power_integral' where method = 'day_counter';
alter table station_day drop constraint station_day_method;
alter table station_day add constraint station_day_method check (method in ('meter_counter', 'inverter_counter',
  'power_integral', 'simulated'));
