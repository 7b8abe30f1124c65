import { fileURLToPath } from 'node:url';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

const root = fileURLToPath(new URL('.', import.meta.url));
const repository = fileURLToPath(new URL('../../', import.meta.url));
const DEV_API = 'http://localhost:3000';

export default defineConfig({
  root,
  plugins: [vue()],
  define: {
    __VUE_OPTIONS_API__: true,
    __VUE_PROD_DEVTOOLS__: false,
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __VUE_I18N_LEGACY_API__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  build: {
    outDir: '../../dist/web',
    emptyOutDir: true,
    target: 'es2022',
    // ECharts is one chunk of about 550 kB before compression; it loads after the figures are on the screen.
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: { '/api': { target: DEV_API, changeOrigin: false } },
    // The county borders live in data/region, outside of the app's own root.
    fs: { allow: [repository] },
  },
});
