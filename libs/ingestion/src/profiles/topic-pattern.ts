/**
 * Topic patterns of profiles. Segments are literal, `+` (any one), `{name}` (any one, captured; `sbfspot_{name}`
 * captures what follows the prefix), and at the end `#` (any rest) or `{name...}` (the rest, captured with its slashes). As with MQTT, a pattern that begins with a wildcard
 * does not read topics that begin with `$`.
 */
const SEGMENT = /^([^{}]*)(?:\{([a-z][a-zA-Z]{0,30})(\.\.\.)?\})?$/;

/** The longest topic that MQTT allows has 65,535 bytes; no profile needs more than these levels. */
const LEVELS_MAX = 20;

export function isTopicPattern(pattern: string): boolean {
  const segments = pattern.split('/');
  const names = new Set<string>();
  return segments.every((segment, index) => {
    const match = SEGMENT.exec(segment);
    if (!match || segments.length > LEVELS_MAX) return false;
    const [, prefix = '', name, rest] = match;
    if (rest !== undefined && prefix !== '') return false;
    if (name !== undefined && names.has(name)) return false;
    if (name !== undefined) names.add(name);
    const last = index === segments.length - 1;
    if (segment === '#' || rest !== undefined) return last;
    return segment === '+' || !/[+#]/.test(segment);
  });
}

/** What the pattern captured from the topic, or `null` where it does not read it. */
export function matchTopic(pattern: string, topic: string): ReadonlyMap<string, string> | null {
  const wanted = pattern.split('/');
  const given = topic.split('/');
  if (topic.startsWith('$') && !pattern.startsWith('$')) return null;
  const captures = new Map<string, string>();
  for (const [index, segment] of wanted.entries()) {
    const text = given[index];
    if (text === undefined) return null;
    if (segment === '#') return captures;
    if (segment === '+') continue;
    const [, prefix = '', name, rest] = SEGMENT.exec(segment) ?? [];
    if (name === undefined) {
      if (segment !== text) return null;
      continue;
    }
    if (!text.startsWith(prefix)) return null;
    const captured = rest === undefined ? text.slice(prefix.length) : given.slice(index).join('/');
    if (captured === '') return null;
    captures.set(name, captured);
    if (rest !== undefined) return captures;
  }
  return given.length === wanted.length ? captures : null;
}

/** The first pattern that reads the topic decides. */
export function matchTopics(patterns: readonly string[], topic: string): ReadonlyMap<string, string> | null {
  for (const pattern of patterns) {
    const captures = matchTopic(pattern, topic);
    if (captures) return captures;
  }
  return null;
}

/** The MQTT filter under which a client receives the topics of a pattern. */
export function topicFilter(pattern: string): string {
  return pattern
    .split('/')
    .map((segment) => (segment.endsWith('...}') ? '#' : segment.includes('{') ? '+' : segment))
    .join('/');
}
