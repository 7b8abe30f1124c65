import type { Obstacle } from './standing.ts';

interface Told {
  code: Obstacle['code'];
  /** Station or village. */
  placeName: string | null;
  days: readonly string[];
  ageDays: number | null;
  amountFen: bigint | null;
  reasons: readonly string[];
  runId: number | null;
  places: number;
}

/** Days that a sentence names; the others are counted. */
const DAYS_NAMED = 3;

const REASONS: Readonly<Record<string, { zh: string; en: string }>> = {
  'match.energy_missing': { zh: '结算单没有电量', en: 'the statement has no energy' },
  'match.energy_alarm': { zh: '结算电量与遥测相差过大', en: 'settled and metered energy differ too much' },
  'match.reading_differs': { zh: '止码减起码与电量不符', en: 'the readings do not give the energy' },
  'match.tariff_missing': { zh: '没有该月电价', en: 'there is no tariff of the month' },
  'match.amount_missing': { zh: '结算单缺金额', en: 'an amount is missing' },
  'match.amount_differs': { zh: '金额与电量乘电价不符', en: 'amount and energy × tariff differ' },
  'match.component_missing': { zh: '缺一个电价项目', en: 'a component is missing' },
  'match.component_unexpected': { zh: '多出一个电价项目', en: 'a component was not expected' },
  'match.total_differs': { zh: '各项之和与总额不符', en: 'the parts do not sum to the total' },
};

/** Yuan with both decimals. */
function yuan(amountFen: bigint): string {
  const size = amountFen < 0n ? -amountFen : amountFen;
  const whole = String(size / 100n).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${amountFen < 0n ? '−' : ''}${whole}.${String(size % 100n).padStart(2, '0')}`;
}

/** What holds a station up, as a person says it. */
export function sentenceOf(told: Told): { zh: string; en: string } {
  const name = told.placeName ?? '';
  const { days, ageDays } = told;
  const amount = told.amountFen === null ? '' : yuan(told.amountFen);
  switch (told.code) {
    case 'energy.month_running':
      return { zh: `${name}：本月还没过完`, en: `${name}: the month is still running` };
    case 'energy.days_unknown': {
      const named = days.slice(0, DAYS_NAMED).join('、');
      const isMore = days.length > DAYS_NAMED;
      return {
        zh: `${name}：${named}${isMore ? ` 等 ${days.length} 天` : ''}的电量不明`,
        en: `${name}: the energy of ${named.replaceAll('、', ', ')}${isMore ? ` and others, ${days.length} days,` : ''} is unknown`,
      };
    }
    case 'statement.not_due':
      return {
        zh: `${name}：月未结束，结算单未到时候`,
        en: `${name}: no statement before the month is over`,
      };
    case 'statement.missing':
      return { zh: `${name}：结算单没有来`, en: `${name}: no statement has come` };
    case 'statement.needs_reason':
    case 'statement.blocked':
      return statementSentence(told, name);
    case 'receipt.base_open':
      return {
        zh: `${name}：还有 ${amount} 元没有到账${ageDays === null ? '' : `，已 ${ageDays} 天`}`,
        en: `${name}: ${amount} yuan has not come${ageDays === null ? '' : `, for ${ageDays} days`}`,
      };
    case 'receipt.subsidy_open':
      return { zh: `${name}：补贴 ${amount} 元待到账`, en: `${name}: subsidy of ${amount} yuan to come` };
    case 'allocation.held':
      return {
        zh: `${name}：到账 ${amount} 元暂缓分配，先处理对账`,
        en: `${name}: ${amount} yuan is held back until the match is settled`,
      };
    case 'allocation.not_proposed':
      return {
        zh: `${name}：到账 ${amount} 元还没有提出分配`,
        en: `${name}: ${amount} yuan was received and is in no run`,
      };
    case 'approval.proposed':
      return {
        zh: `分配 ${told.runId}：${told.places} 座电站的 ${amount} 元待审批`,
        en: `Run ${told.runId}: ${amount} yuan of ${told.places} stations waits for approval`,
      };
    case 'transfer.not_prepared':
      return {
        zh: `${name}：${amount} 元已审批，还没有制单拨付`,
        en: `${name}: ${amount} yuan is approved and no transfer is prepared`,
      };
    case 'transfer.prepared':
      return {
        zh: `${name}：${amount} 元已制单，待银行回单确认`,
        en: `${name}: a transfer of ${amount} yuan waits for the bank`,
      };
    case 'transfer.failed':
      return {
        zh: `${name}：${amount} 元拨付失败，要重新制单`,
        en: `${name}: a transfer of ${amount} yuan failed and wants another attempt`,
      };
  }
}

function statementSentence(told: Told, name: string): { zh: string; en: string } {
  const found = told.reasons.map((reason) => REASONS[reason] ?? { zh: reason, en: reason });
  const zh = found.map((each) => each.zh).join('、');
  const en = found.map((each) => each.en).join(', ');
  return told.code === 'statement.blocked'
    ? { zh: `${name}：结算单不能入账：${zh}`, en: `${name}: the statement may not be believed: ${en}` }
    : { zh: `${name}：要说明原因：${zh}`, en: `${name}: wants a signed reason: ${en}` };
}
