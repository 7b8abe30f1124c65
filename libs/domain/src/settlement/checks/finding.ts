/** Rules of domain.md section 4 that this library checks. */
export type CheckCode =
  'A1' | 'A3' | 'A4' | 'A7' | 'A8' | 'A9' | 'A10' | 'A11' | 'A12' | 'A13' | 'A14' | 'A15' | 'A16';

export type CheckLevel = 'info' | 'warning' | 'critical';

/** Who has to answer a finding. */
export type CheckOwner = 'operator' | 'agency_clerk' | 'county' | 'township' | 'village' | 'power_company';

/** A finding: what rule, on what, with the figures that show it; who answers by when is set where it is stored. */
export interface CheckFinding {
  code: CheckCode;
  /** What exactly of the rule was hit; stable, for filters and texts. */
  reason: string;
  level: CheckLevel;
  /** Station, village, contract, plan, notice or receivable. */
  subject: string;
  owner: CheckOwner;
  /** Figures behind it: days as text, money as fen, energy as Wh. */
  evidence: Readonly<Record<string, string | number | bigint | null>>;
}
