/** A reading of a lifetime counter: one device and register, in the unit and scale of its profile. */
export interface CounterSample {
  atMs: number;
  totalWh: number;
  /** Only to find a counter that stands still while power says output. */
  activePowerW?: number | null;
}

/** Energy between two samples that are believed. */
export interface EnergyStep {
  fromMs: number;
  toMs: number;
  energyWh: number;
  /** Where only the total over a longer stretch is known: that stretch. The part is by power, an estimate. */
  estimatedOver?: { fromMs: number; toMs: number };
}

/** Facts that persons signed elsewhere. All of a device may be given; those before the samples change nothing. */
export type CounterRecord =
  /** Another device or meter from `atMs` on; a final reading that nobody could take is null. */
  | { kind: 'exchange'; atMs: number; finalWh: number | null; startWh: number; newSerial: string }
  /** From `atMs` on the energy is of this station; without a reading the first sample is the base. */
  | { kind: 'move_in'; atMs: number; readingWh?: number }
  /** From `atMs` on the energy is of another station. */
  | { kind: 'move_out'; atMs: number; readingWh?: number };

/** What a person accepted about samples. Raw readings stay as they are, and a fix can be taken back. */
export type CounterFix =
  /** The samples from `fromMs` to `toMs`, both included, are not used. */
  | { kind: 'ignore'; fromMs: number; toMs: number }
  /** The counter restarted from zero before the first sample from `atMs` on, and all that it shows is energy. */
  | { kind: 'reset'; atMs: number }
  /** The first sample from `atMs` on is a new base; `energyWh` was made since the sample before it. */
  | { kind: 'rebase'; atMs: number; energyWh: number }
  /** Samples of `fromMs <= atMs < toMs` are times `multiply`, by `divide`; without an end where `toMs` is null. */
  | { kind: 'scale'; fromMs: number; toMs: number | null; multiply: number; divide: number };

export type CounterEventKind =
  | 'jitter'
  | 'zero_frame'
  | 'reset'
  | 'wrap'
  | 'exchange'
  | 'moved'
  | 'implausible_step'
  | 'frozen'
  | 'scale_change'
  | 'night_output';

/** Something that a counter did besides counting. */
export interface CounterEvent {
  kind: CounterEventKind;
  atMs: number;
  fromWh: number | null;
  toWh: number | null;
  /** What the engine booked because of it. */
  energyWh: number;
  /** False where a person should look. */
  decided: boolean;
}

/** An undecided event with what could be done, the likeliest first. */
export interface CounterProposal {
  kind: CounterEventKind;
  atMs: number;
  fromWh: number;
  toWh: number;
  /** True where the next readings may still decide it. */
  isWaiting: boolean;
  /** `effectWh` is the change against what is booked now, over the samples given. */
  choices: { fix: CounterFix; effectWh: number }[];
}

export interface CounterOptions {
  ratedPowerW: number;
  /** The register wraps at this value. Where it is not given the usual ones are tried. */
  modulusWh?: number;
  /** Smallest step of the register; where it is not given, the largest of 1, 10, 100 and 1000 that divides all. */
  resolutionWh?: number;
  /** True where the sun is up at the station. Without it nothing is said of output at night. */
  daylight?: (atMs: number) => boolean;
  records?: readonly CounterRecord[];
  fixes?: readonly CounterFix[];
}

export interface CounterResult {
  /** In order of time, without overlap. Between two steps that do not touch nothing is known. */
  steps: EnergyStep[];
  events: CounterEvent[];
  proposals: CounterProposal[];
}
