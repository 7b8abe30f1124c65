import { SeededRandom } from '../support/random.ts';
import { readCorpus } from './corpus.ts';
import { FAULT, makeDecoders, type Decoder, type FuzzMessage } from './decoders.ts';
import { minimal } from './minimal.ts';
import { payloadFrom, topicFrom } from './mutate.ts';

export interface FuzzOptions {
  seed: number;
  count: number;
  /** Forces a collection of garbage, where the program was started with `--expose-gc`. */
  collect?: () => void;
  onProgress?: (line: string) => void;
}

interface FuzzFault {
  index: number;
  decoder: string;
  topic: string;
  problem: string;
  /** As small as it gets while the fault stays, in base64. */
  payload: string;
}

export interface FuzzReport {
  seed: number;
  count: number;
  /** How often each outcome; they add up to `count`. */
  outcomes: Record<string, number>;
  faults: number;
  /** The first of each kind. */
  examples: FuzzFault[];
  slowestMs: number;
  slowest: string;
  /** Growth of the memory in use after the first twentieth, at its highest, MB. */
  heapGrowthMb: number;
  seconds: number;
}

/** A payload that takes longer holds up all others behind it. */
export const SLOW_LIMIT_MS = 1000;
/** Above this, time is taken again: a machine that is busy elsewhere is not the decoder's fault. */
const DOUBTFUL_MS = 20;
const EXAMPLES_MAX = 20;
const SAMPLES = 20;
const START_MS = 1_764_050_400_000;
/** Messages come about this far apart, so that quiet times, rebirths and late values all happen. */
const STEP_MS_MAX = 50;

/** Throws mutated, hostile and random payloads at all decoders, and counts what becomes of each. */
export function runFuzz({ seed, count, collect, onProgress }: FuzzOptions): FuzzReport {
  const startedAtMs = performance.now();
  const random = new SeededRandom(seed);
  const corpus = readCorpus();
  const decoders = makeDecoders();
  const report: FuzzReport = {
    seed,
    count: 0,
    outcomes: {},
    faults: 0,
    examples: [],
    slowestMs: 0,
    slowest: '',
    heapGrowthMb: 0,
    seconds: 0,
  };
  const sampleEvery = Math.ceil(count / SAMPLES);
  let baseBytes: number | null = null;
  let receivedAtMs = START_MS;
  for (let index = 0; index < count; index += 1) {
    const sample = random.pick(corpus);
    receivedAtMs += random.between(0, STEP_MS_MAX);
    const message: FuzzMessage = {
      topic: topicFrom(sample.topic, random),
      payload: payloadFrom(sample, corpus, random),
      receivedAtMs,
      retained: random.chance(0.03),
    };
    note(report, {
      index,
      message,
      profileId: sample.profileId,
      decoder: pickDecoder(decoders, sample.profileId, random),
    });
    if ((index + 1) % sampleEvery !== 0) continue;
    const bytes = bytesInUse(collect);
    baseBytes ??= bytes;
    report.heapGrowthMb = Math.max(report.heapGrowthMb, Math.round((bytes - baseBytes) / 1_048_576));
    onProgress?.(
      `${index + 1} of ${count}: ${report.faults} faults, memory ${Math.round(bytes / 1_048_576)} MB`,
    );
  }
  report.seconds = Math.round((performance.now() - startedAtMs) / 1000);
  return report;
}

/** Mostly the profile of the sample; sometimes another one gets what is not its own. */
function pickDecoder(
  decoders: ReturnType<typeof makeDecoders>,
  profileId: string,
  random: SeededRandom,
): Decoder {
  const own = decoders.get(profileId) ?? [];
  return random.pick(random.chance(0.1) ? random.pick([...decoders.values()]) : own);
}

function note(
  report: FuzzReport,
  {
    index,
    message,
    profileId,
    decoder,
  }: { index: number; message: FuzzMessage; profileId: string; decoder: Decoder },
): void {
  const { outcome, tookMs } = timed(decoder, message);
  report.count += 1;
  const slow = tookMs > SLOW_LIMIT_MS ? `${FAULT}took longer than ${SLOW_LIMIT_MS} ms` : null;
  const found = outcome.startsWith(FAULT) ? outcome : slow;
  const counted = found ?? outcome;
  report.outcomes[counted] = (report.outcomes[counted] ?? 0) + 1;
  if (tookMs > report.slowestMs) {
    report.slowestMs = Math.round(tookMs * 10) / 10;
    report.slowest = `${decoder.name}, ${message.payload.length} bytes: ${startOf(message.payload)}`;
  }
  if (found === null) return;
  report.faults += 1;
  if (report.examples.length >= EXAMPLES_MAX || report.examples.some(({ problem }) => problem === found))
    return;
  const fresh = () =>
    makeDecoders()
      .get(profileId)
      ?.find(({ name }) => name === decoder.name);
  const small = slow
    ? message.payload
    : minimal(message.payload, (payload) => fresh()?.outcomeOf({ ...message, payload }) === found);
  const payload = Buffer.from(small).toString('base64').slice(0, 4000);
  report.examples.push({
    index,
    decoder: decoder.name,
    topic: message.topic.slice(0, 200),
    problem: found,
    payload,
  });
}

function timed(decoder: Decoder, message: FuzzMessage): { outcome: string; tookMs: number } {
  const fromMs = performance.now();
  const outcome = decoder.outcomeOf(message);
  const tookMs = performance.now() - fromMs;
  if (tookMs <= DOUBTFUL_MS) return { outcome, tookMs };
  const againMs = performance.now();
  decoder.outcomeOf(message);
  return { outcome, tookMs: Math.min(tookMs, performance.now() - againMs) };
}

const startOf = (payload: Uint8Array) =>
  JSON.stringify(Buffer.from(payload.subarray(0, 60)).toString('latin1'));

function bytesInUse(collect: (() => void) | undefined): number {
  collect?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
