/** What can go wrong with the registry as a whole. Bad rows of a file are no error; they are in the report. */
export type RegistryErrorCode =
  | 'registry.seed_differs'
  | 'registry.snapshot_differs'
  | 'registry.holds_real_stations'
  | 'registry.import_too_large'
  | 'registry.import_unreadable'
  | 'registry.unknown_place'
  | 'registry.merged_before'
  | 'registry.bad_merger';

/** An error that programs match on by its dotted `code`; the message is for people. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  constructor(
    readonly code: RegistryErrorCode,
    message: string,
    options: ErrorOptions = {},
  ) {
    super(message, options);
  }
}
