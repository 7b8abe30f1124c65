/**
 * Value of an energy at a price: whole fen, rounded half up once. 1 kWh at 8,500 hao is 85 fen.
 * fen = Wh × hao / (1000 Wh a kWh × 100 hao a fen).
 */
export function energyValueFen(value: { energyWh: bigint; priceHaoPerKwh: bigint }): bigint {
  return divRoundHalfUp(value.energyWh * value.priceHaoPerKwh, 100_000n);
}

/** Quotient rounded to the nearest whole number, halves away from zero; the mirror of itself for negatives. */
export function divRoundHalfUp(numerator: bigint, denominator: bigint): bigint {
  if (denominator <= 0n) throw new RangeError('the denominator must be positive');
  const doubled = 2n * (numerator < 0n ? -numerator : numerator) + denominator;
  const quotient = doubled / (2n * denominator);
  return numerator < 0n ? -quotient : quotient;
}
