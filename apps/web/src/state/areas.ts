import type { Areas } from '#contracts';
import { shallowRef } from 'vue';
import { ApiError, getJson } from '../api/http.ts';

/** Counties and townships; they change with the registry only, so one answer serves all pages. */
export const areas = shallowRef<Areas | null>(null);
const RETRY_MS = 5_000;

/** Loads the areas, and again after a pause for as long as the server cannot be reached. */
export async function loadAreas(): Promise<void> {
  try {
    areas.value = await getJson<Areas>('/api/v1/areas', {}, new AbortController().signal);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    setTimeout(() => void loadAreas(), RETRY_MS);
  }
}

/** The name of a county; null for the city, an unknown code, or before the areas are loaded. */
export const areaName = (countyCode: string): string | null =>
  areas.value?.counties.find(({ code }) => code === countyCode)?.name ?? null;
