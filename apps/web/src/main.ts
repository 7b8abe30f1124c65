import { createApp } from 'vue';
import App from './App.vue';
import { makeI18n } from './i18n/index.ts';
import './kit.ts';
import { router } from './router.ts';
import { startTicking } from './state/clock.ts';
import { leadToLogin } from './state/leadToLogin.ts';
import { reloadOnNewBuild } from './state/newBuild.ts';
import { locale } from './state/preferences.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/print.css';

startTicking();
reloadOnNewBuild(router);
leadToLogin(router);
createApp(App)
  .use(router)
  .use(await makeI18n(locale.value))
  .mount('#app');
