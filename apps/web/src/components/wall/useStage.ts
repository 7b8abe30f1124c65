import { computed, onScopeDispose, ref } from 'vue';

/** The big screen is drawn at this size and scaled as a whole, so that every screen shows the same picture. */
const STAGE_WIDTH = 1920;
const STAGE_HEIGHT = 1080;

/** Scale and place of the stage on a screen: as large as fits, in the middle. */
export function fitStage(screen: { width: number; height: number }): {
  scale: number;
  left: number;
  top: number;
} {
  const scale = Math.min(screen.width / STAGE_WIDTH, screen.height / STAGE_HEIGHT);
  return {
    scale,
    left: (screen.width - STAGE_WIDTH * scale) / 2,
    top: (screen.height - STAGE_HEIGHT * scale) / 2,
  };
}

/** Follows the window. `pixelRatio` is what a canvas on the stage has to be drawn at to be sharp. */
export function useStage() {
  const screen = ref({ width: window.innerWidth, height: window.innerHeight });
  const follow = () => {
    screen.value = { width: window.innerWidth, height: window.innerHeight };
  };
  window.addEventListener('resize', follow);
  onScopeDispose(() => window.removeEventListener('resize', follow));
  const place = computed(() => fitStage(screen.value));
  return {
    style: computed(() => ({
      transform: `translate(${place.value.left}px, ${place.value.top}px) scale(${place.value.scale})`,
    })),
    pixelRatio: computed(() => Math.max(1, window.devicePixelRatio * place.value.scale)),
  };
}
