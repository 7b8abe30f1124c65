/** A value that its column cannot hold, seen before it was sent. */
export class BadValueError extends Error {
  constructor(value: number, type: string) {
    super(`${value} is no ${type}`);
  }
}
