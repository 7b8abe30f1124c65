import { Observable } from 'rxjs';

/** A stream stays open for days; whoever is logged out, disabled or of another role hears no more after this. */
export const SESSION_CHECK_MS = 60_000;

/**
 * The stream for as long as the session lives under which it was opened; then it ends, and the browser that opens it anew
 * is told to log in.
 * @param isLive null where nobody is logged in and none has to be. An error of it, as while the database is away, ends nothing.
 */
export function whileLoggedIn<T>(
  source: Observable<T>,
  isLive: (() => Promise<boolean>) | null,
): Observable<T> {
  if (isLive === null) return source;
  return new Observable<T>((reader) => {
    const subscription = source.subscribe(reader);
    const look = async () => {
      const live = await isLive().catch(() => true);
      if (!live) reader.complete();
    };
    const timer = setInterval(() => void look(), SESSION_CHECK_MS);
    timer.unref();
    return () => {
      clearInterval(timer);
      subscription.unsubscribe();
    };
  });
}
