// Writes what the documents take from the code: the JSON Schema of the native protocol and the tables of its page.
// `--check` writes nothing and ends with status 1 where a file is not what it would write.
// It imports TypeScript, so it needs Node 24: node_modules/.bin/node tools/write-docs.mjs [--check]
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { z } from 'zod';
import {
  NATIVE_TOPIC_ROOT,
  nativeResendReplySchema,
  nativeResendSchema,
  nativeStatusSchema,
  nativeTelemetrySchema,
  PAYLOAD_BYTES_MAX,
  READINGS_PER_MESSAGE_MAX,
  RESEND_NUMBERS_MAX,
  STRINGS_MAX,
} from '#contracts';

const root = fileURLToPath(new URL('..', import.meta.url));
const schemaPath = 'docs/native-protocol.schema.json';
const pagePath = 'docs/NATIVE-PROTOCOL.md';

/** Fields whose schema has a type that says it all; a field with neither this nor a description is an error. */
const MEANINGS = {
  seq: 'Running number of the sender',
  strings: 'DC inputs of an inverter, in the order of the terminals',
  status: 'What the device says of itself',
  fault_code: 'Code of the maker, as it is',
  devices: 'Readings by device code; one without a `ts` of its own has that of the batch',
  online: '`true` after connecting, `false` as last will and before leaving',
  firmware: 'Version of the gateway; accepted, not stored',
};

function protocolSchema() {
  // `input`: what a sender may send. Fields that nobody knows are allowed and ignored.
  const { $defs } = z.toJSONSchema(
    z.object({
      telemetry: nativeTelemetrySchema,
      status: nativeStatusSchema,
      resend: nativeResendSchema,
      reply: nativeResendReplySchema,
    }),
    {
      io: 'input',
    },
  );
  // Ingest reads an object with `devices` as a batch and nothing else; a plain union would let a broken batch pass as
  // a reading with an unknown field.
  const NativeTelemetry = {
    description: `Payload of ${NATIVE_TOPIC_ROOT}/{station}/{device}/telemetry`,
    anyOf: $defs.NativeTelemetry.anyOf.map((shape) =>
      shape.$ref === '#/$defs/NativeReading'
        ? { ...shape, not: { type: 'object', properties: { devices: true }, required: ['devices'] } }
        : shape,
    ),
  };
  const NativeStatus = {
    description: `Payload of ${NATIVE_TOPIC_ROOT}/{station}/{gateway}/status`,
    ...$defs.NativeStatus,
  };
  const NativeResend = {
    description: `Payload of ${NATIVE_TOPIC_ROOT}/{station}/{sender}/resend; at most ${RESEND_NUMBERS_MAX} numbers`,
    ...$defs.NativeResend,
  };
  const NativeResendReply = {
    description: `Payload of ${NATIVE_TOPIC_ROOT}/{station}/{sender}/resend/reply`,
    ...$defs.NativeResendReply,
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Sunledger native protocol, version 1',
    description:
      'Telemetry; the payload of a status topic is #/$defs/NativeStatus, of a resend topic #/$defs/NativeResend',
    $ref: '#/$defs/NativeTelemetry',
    $defs: { ...$defs, NativeTelemetry, NativeStatus, NativeResend, NativeResendReply },
  };
}

/** A type in words for people. */
function typeText(schema) {
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeText))].join(' or ');
  if (Array.isArray(schema.type)) return schema.type.join(' or ');
  if (schema.prefixItems) return `pair of ${typeText(schema.prefixItems[0])}`;
  if (schema.items?.prefixItems) return `list of at most ${schema.maxItems} ranges`;
  if (schema.type === 'array') return `list of at most ${schema.maxItems} objects`;
  if (schema.format === 'date-time') return 'ISO 8601 text with zone';
  if (schema.maxLength) return `text of at most ${schema.maxLength} characters`;
  if (schema.type === 'integer') return schema.minimum === 0 ? 'whole number from 0' : 'whole number';
  return schema.type === 'string' ? 'text' : schema.type;
}

function rowsOf(schema, meanings, prefix = '') {
  const required = new Set(schema.required ?? []);
  const names = Object.keys(schema.properties).sort(
    (a, b) => Number(required.has(b)) - Number(required.has(a)),
  );
  return names.flatMap((name) => {
    const property = schema.properties[name];
    const meaning = meanings[name] ?? property.description ?? MEANINGS[name];
    if (meaning === undefined) throw new Error(`the field ${prefix}${name} has no description`);
    const row = `| \`${prefix}${name}\` | ${typeText(property)} | ${required.has(name) ? 'yes' : ''} | ${meaning} |`;
    return property.items?.properties
      ? [row, ...rowsOf(property.items, meanings, `${prefix}${name}[].`)]
      : [row];
  });
}

/** @param meanings where a field means something else than elsewhere. */
const table = (schema, meanings = {}) =>
  ['| field | type | required | meaning |', '| --- | --- | --- | --- |', ...rowsOf(schema, meanings)].join(
    '\n',
  );

/** A range is described once, where it is defined. */
const rangesMeaning = (schema) =>
  `What is missing. A range: ${schema.$defs.NativeResend.properties.ranges.items.description.toLowerCase()}`;

const limits = () =>
  [
    '| limit | value |',
    '| --- | --- |',
    `| payload | ${PAYLOAD_BYTES_MAX.toLocaleString('en')} bytes |`,
    `| readings of a list, devices of a batch | ${READINGS_PER_MESSAGE_MAX.toLocaleString('en')} |`,
    `| strings of a device | ${STRINGS_MAX} |`,
    `| numbers of a request | ${RESEND_NUMBERS_MAX} |`,
  ].join('\n');

async function page(schema) {
  const parts = {
    limits: limits(),
    reading: table(schema.$defs.NativeReading),
    batch: table(schema.$defs.NativeGatewayBatch),
    resend: table(schema.$defs.NativeResend, { ranges: rangesMeaning(schema) }),
    reply: table(schema.$defs.NativeResendReply, { id: 'The `id` of the request' }),
    status: table(schema.$defs.NativeStatus, { ts: 'When it was said; accepted, not used' }),
  };
  let text = readFileSync(join(root, pagePath), 'utf8');
  for (const [name, part] of Object.entries(parts)) {
    const place = new RegExp(`(<!-- generated: ${name} -->\n)[^]*?(\n<!-- end -->)`);
    if (!place.test(text)) throw new Error(`${pagePath} has no place for ${name}`);
    text = text.replace(place, (_all, before, after) => `${before}\n${part}\n${after}`);
  }
  const path = join(root, pagePath);
  return format(text, { ...(await resolveConfig(path)), filepath: path });
}

const schema = protocolSchema();
const files = { [schemaPath]: `${JSON.stringify(schema, null, 2)}\n`, [pagePath]: await page(schema) };
const isCheck = process.argv.includes('--check');
for (const [path, wanted] of Object.entries(files)) {
  if (!isCheck) writeFileSync(join(root, path), wanted);
  else if (readFileSync(join(root, path), 'utf8') !== wanted) {
    process.stderr.write(`${path} is not what the code says: node_modules/.bin/node tools/write-docs.mjs\n`);
    process.exitCode = 1;
  }
}
