/** Attempts for one fault; a minute at the very most. */
const ATTEMPTS_MAX = 3000;

/** Leaves pieces out, large ones first, as long as the fault stays. Answers the payload as it is where it does not come again. */
export function minimal(payload: Uint8Array, fails: (payload: Uint8Array) => boolean): Uint8Array {
  let small = payload;
  let attempts = 0;
  if (!fails(small)) return payload;
  for (let piece = Math.ceil(small.length / 2); piece >= 1; piece = Math.floor(piece / 2)) {
    for (let at = 0; at < small.length && attempts < ATTEMPTS_MAX;) {
      attempts += 1;
      const without = Buffer.concat([small.subarray(0, at), small.subarray(at + piece)]);
      if (fails(without)) small = without;
      else at += piece;
    }
  }
  return small;
}
