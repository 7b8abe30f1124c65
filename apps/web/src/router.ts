import { createRouter, createWebHistory } from 'vue-router';
import OverviewPage from './pages/OverviewPage.vue';

/** Places of the app. The area (`?county=`) is kept in the address and goes along from place to place. */
export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', name: 'overview', component: OverviewPage },
    { path: '/stations', name: 'stations', component: () => import('./pages/StationsPage.vue') },
    { path: '/stations/:code', name: 'station', component: () => import('./pages/StationPage.vue') },
    { path: '/quarantine', name: 'quarantine', component: () => import('./pages/QuarantinePage.vue') },
    { path: '/profiles', name: 'profiles', component: () => import('./pages/ProfilesPage.vue') },
    { path: '/review', name: 'review', component: () => import('./pages/ReviewPage.vue') },
    { path: '/:rest(.*)*', name: 'missing', component: () => import('./pages/MissingPage.vue') },
  ],
  scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? false : { top: 0 }),
});
