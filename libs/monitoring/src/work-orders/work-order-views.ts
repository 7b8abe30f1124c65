import {
  repairVerdictSchema,
  type WorkOrder,
  type WorkOrderEventView,
  type WorkOrderPart,
  type WorkOrderPhotoView,
  type WorkOrderSummary,
} from '#contracts';
import { possibleActions, type RepairVerdict } from '#domain';
import type { EventRow, OrderRow, PhotoRow } from './work-order.repository.ts';
import { escalationNow } from './work-order.writer.ts';

export function summaryView(row: OrderRow, nowMs: number): WorkOrderSummary {
  return {
    id: row.id,
    kind: row.kind,
    stationCode: row.stationCode,
    stationName: row.stationName,
    countyCode: row.countyCode,
    countyName: row.countyName,
    townshipCode: row.townshipCode,
    townshipName: row.townshipName,
    title: row.title,
    alarmKind: row.alarmKind,
    alarmId: row.alarmId,
    size: row.size,
    state: row.state,
    suspendedFrom: row.suspendedFrom,
    assignee: row.assignee,
    openedAt: row.openedAt.toISOString(),
    due:
      row.dueAt === null || row.dueClock === null
        ? null
        : { clock: row.dueClock, at: row.dueAt.toISOString() },
    escalation: escalationNow(row, nowMs),
    lostEnergyWh: row.lostEnergyWh,
    lostAmountFen: row.lostAmountFen,
  };
}

export function detailView(
  row: OrderRow,
  more: {
    events: readonly EventRow[];
    parts: WorkOrderPart[];
    photos: readonly PhotoRow[];
    power: { powerW: number | null; measuredAt: Date | null };
    verdict: RepairVerdict | null;
    nowMs: number;
  },
): WorkOrder {
  const instant = (at: Date | null) => at?.toISOString() ?? null;
  const partsFen = more.parts.reduce((sum, { amountFen }) => sum + BigInt(amountFen), 0n);
  return {
    ...summaryView(row, more.nowMs),
    asOf: new Date(more.nowMs).toISOString(),
    note: row.note,
    acceptedAt: instant(row.acceptedAt),
    arrivedAt: instant(row.arrivedAt),
    repairedAt: instant(row.repairedAt),
    verifiedAt: instant(row.verifiedAt),
    closedAt: instant(row.closedAt),
    closeReason: row.closeReason,
    cause: row.cause,
    side: row.side,
    parts: more.parts,
    labourFen: row.labourFen.toString(),
    costFen: (row.labourFen + partsFen).toString(),
    actions: possibleActions(row),
    verdict: more.verdict,
    powerW: more.power.powerW,
    powerAt: instant(more.power.measuredAt),
    longitude: row.longitude,
    latitude: row.latitude,
    photos: more.photos.map(photoView),
    events: more.events.map(eventView),
  };
}

export function photoView(row: PhotoRow): WorkOrderPhotoView {
  const { takenBy, recordedAt, ...shown } = row;
  return { ...shown, by: takenBy, recordedAt: recordedAt.toISOString() };
}

function eventView(row: EventRow): WorkOrderEventView {
  const { detail } = row;
  const kept = typeof detail === 'object' && detail !== null && 'verdict' in detail ? detail.verdict : null;
  return {
    action: row.action,
    fromState: row.fromState,
    toState: row.toState,
    by: row.actorName,
    happenedAt: row.happenedAt.toISOString(),
    recordedAt: row.recordedAt.toISOString(),
    note: row.note,
    verdict: repairVerdictSchema.nullable().parse(kept),
  };
}
