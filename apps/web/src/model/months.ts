/** Months of Shanghai as `YYYY-MM`; no time of the browser is in them. */
export function addMonths(month: string, months: number): string {
  const [year = 0, number = 1] = month.split('-').map(Number);
  const count = year * 12 + (number - 1) + months;
  return `${String(Math.floor(count / 12)).padStart(4, '0')}-${String((count % 12) + 1).padStart(2, '0')}`;
}

/** A month of an address, or null where it says none. */
export const monthInAddress = (text: string): string | null =>
  /^(?:19|20)\d{2}-(?:0[1-9]|1[0-2])$/.test(text) ? text : null;
