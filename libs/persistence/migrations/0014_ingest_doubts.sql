-- Up Migration
-- A broker marks what it kept (retained): such a message is "last known", also when it is replayed from quarantine.
alter table quarantine_message add column retained boolean not null default false;

-- How often a gateway said that it came on line, a Shanghai day. Two gateways with one client id throw each other out of
-- the broker without end, and that is how it shows.
create table gateway_connect_day (
  station_id integer not null,
  gateway_code text not null,
  day date not null,
  times bigint not null,
  primary key (station_id, gateway_code, day),
  constraint gateway_connect_day_gateway foreign key (station_id, gateway_code) references gateway (station_id, code),
  constraint gateway_connect_day_times check (times > 0)
);

-- Down Migration
drop table gateway_connect_day;
alter table quarantine_message drop column retained;
