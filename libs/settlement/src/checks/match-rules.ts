import { checkMatch, monthLater, type MatchFinding } from '#domain';
import { sql, type Queryable } from '#persistence';
import type { MatchingService } from '../matching/matching.service.ts';
import { row, seen, type SeenFinding } from './seen.ts';

/** Months that are compared: what is older was closed and answered. */
const MATCH_MONTHS = 12;

/** A14: settled against metered energy of the station-months of a year that nobody signed for. */
export async function matchRules(
  database: Queryable,
  matching: MatchingService,
  today: string,
): Promise<SeenFinding[]> {
  const places = await database.query<{ countyCode: string; month: string }>(sql`
    select distinct t.county_code as "countyCode", s.month
    from grid_statement_in_force s
    join station st on st.id = s.station_id
    join township t on t.code = st.township_code
    where s.month >= ${monthLater(today.slice(0, 7), -MATCH_MONTHS)}
    order by s.month, t.county_code`);
  const found: SeenFinding[] = [];
  for (const { countyCode, month } of places) {
    const { items } = await matching.list({ county: countyCode, month });
    for (const { stationCode, stationName, findings } of items) {
      const open = findings.filter(({ isSigned }) => !isSigned).flatMap(energyFinding);
      const checked = checkMatch(stationCode, { state: 'needs_reason', findings: open });
      const rows = open.flatMap(({ stated, expected }) => [
        row({ stationCode, stationName, month, energyWh: textOf(stated), note: 'settled' }),
        row({ stationCode, stationName, month, energyWh: textOf(expected), note: 'metered' }),
      ]);
      found.push(...seen(checked, { subjectKind: 'station', countyCode, part: month, rows }));
    }
  }
  return found;
}

type ViewedFinding = Awaited<ReturnType<MatchingService['list']>>['items'][number]['findings'][number];

/** A difference of energy as the rule of the match found it; of the other findings none. */
function energyFinding({ reason, level, component, stated, expected }: ViewedFinding): MatchFinding[] {
  if (reason !== 'match.energy_warn' && reason !== 'match.energy_alarm') return [];
  return [{ reason, level, component, stated: figureOf(stated), expected: figureOf(expected) }];
}

const figureOf = (text: string | null) => (text === null ? null : BigInt(text));
const textOf = (value: bigint | null) => (value === null ? null : String(value));
