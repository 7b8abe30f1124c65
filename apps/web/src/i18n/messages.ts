import type { zhCN } from './zh-CN.ts';

type Texts<T> = { [K in keyof T]: T[K] extends string ? string : Texts<T[K]> };
/** The shape that every language has to fill; the type checker finds a missing text. */
export type Messages = Texts<typeof zhCN>;
