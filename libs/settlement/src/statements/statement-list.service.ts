import { Inject, Injectable } from '@nestjs/common';
import type { StatementList, StatementQuery, StatementView } from '#contracts';
import { Database } from '#persistence';
import {
  listStatements,
  statedComponents,
  sumStatements,
  type ListedStatement,
  type StatementSum,
} from './statement-list.repository.ts';

/** Statements to look at: what is in force, what is open, and every version with its reversal. */
@Injectable()
export class StatementListService {
  constructor(@Inject(Database) private readonly database: Database) {}

  /** Statements of a query, a page at a time, with the sums over all of them. Amounts in fen, energy in Wh. */
  async list(query: StatementQuery): Promise<StatementList> {
    const { page, pageSize, ...asked } = query;
    const [items, sums, components] = await Promise.all([
      listStatements(this.database, asked, { limit: pageSize, offset: (page - 1) * pageSize }),
      sumStatements(this.database, asked),
      statedComponents(this.database),
    ]);
    return {
      items: items.map(statementView),
      total: sums.reduce((total, { count }) => total + count, 0),
      page,
      pageSize,
      components,
      sums: sums.map(sumView),
    };
  }
}

const text = (value: bigint | null) => (value === null ? null : String(value));

export function statementView(row: ListedStatement): StatementView {
  return {
    ...row,
    id: String(row.id),
    energyWh: text(row.energyWh),
    amountFen: String(row.amountFen),
    totalFen: text(row.totalFen),
    receivedFen: String(row.receivedFen),
    openFen: String(row.isInForce ? row.amountFen - row.receivedFen : 0n),
    previousWh: text(row.previousWh),
    presentWh: text(row.presentWh),
    taxFen: text(row.taxFen),
    importedAt: row.importedAt.toISOString(),
  };
}

function sumView({ component, count, energyWh, amountFen, receivedFen }: StatementSum) {
  return {
    component,
    count,
    energyWh: text(energyWh),
    amountFen: String(amountFen),
    receivedFen: String(receivedFen),
    openFen: String(amountFen - receivedFen),
  };
}
