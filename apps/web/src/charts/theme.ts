import { computed, shallowRef, watch } from 'vue';
import { theme } from '../state/preferences.ts';

/** Colours of a chart; the same tokens that the style sheets use. */
export interface ChartColors {
  font: string;
  text: string;
  secondary: string;
  line: string;
  surface: string;
  accent: string;
  accentSoft: string;
  peer: string;
  night: string;
  /** A colour or a canvas pattern: the hatching of what is not known. */
  hatch: string | HatchPattern;
}
interface HatchPattern {
  image: HTMLCanvasElement;
  repeat: 'repeat';
}

const HATCH_PX = 8;

function hatchPattern(color: string): HatchPattern | string {
  const image = document.createElement('canvas');
  image.width = HATCH_PX;
  image.height = HATCH_PX;
  const pen = image.getContext('2d');
  if (!pen) return color;
  pen.strokeStyle = color;
  pen.lineWidth = 1.2;
  pen.beginPath();
  for (const shift of [-HATCH_PX, 0, HATCH_PX]) {
    pen.moveTo(shift, HATCH_PX);
    pen.lineTo(shift + HATCH_PX, 0);
  }
  pen.stroke();
  return { image, repeat: 'repeat' };
}

/** The colours of the tokens as they hold at an element; the big screen is dark in a light app. */
export function readColors(from: Element = document.documentElement): ChartColors {
  const style = getComputedStyle(from);
  const token = (name: string) => style.getPropertyValue(name).trim();
  return {
    font: token('--font'),
    text: token('--text'),
    secondary: token('--text-2'),
    line: token('--line'),
    surface: token('--surface'),
    accent: token('--accent'),
    accentSoft: token('--accent-fill'),
    peer: token('--peer'),
    night: token('--night'),
    hatch: hatchPattern(token('--hatch')),
  };
}

const colors = shallowRef<ChartColors | null>(null);
// The sheet has switched by then: preferences set the class before they set the theme.
watch(theme, () => (colors.value = readColors()), { flush: 'sync' });

/** The colours of the theme that is shown; read at first use, when the style sheets are there. */
export const chartColors = computed<ChartColors>(() => colors.value ?? readColors());
