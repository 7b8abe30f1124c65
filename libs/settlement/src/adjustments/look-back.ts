/** First month that is still adjusted on a Shanghai day: so many whole months before its own. */
export function firstMonth(today: string, lookBackMonths: number): string {
  const months = Number(today.slice(0, 4)) * 12 + Number(today.slice(5, 7)) - 1 - lookBackMonths;
  const month = String((months % 12) + 1).padStart(2, '0');
  return `${Math.floor(months / 12)}-${month}`;
}
