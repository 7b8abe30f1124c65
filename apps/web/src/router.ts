import { createRouter, createWebHistory } from 'vue-router';

/** Places of the app. The area (`?county=`) is kept in the address and goes along from place to place. */
export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', name: 'overview', component: () => import('./pages/OverviewPage.vue') },
    {
      path: '/login',
      name: 'login',
      component: () => import('./pages/LoginPage.vue'),
      meta: { isBare: true },
    },
    // The big screen has nothing of the shell around it.
    { path: '/wall', name: 'wall', component: () => import('./pages/WallPage.vue'), meta: { isBare: true } },
    { path: '/stations', name: 'stations', component: () => import('./pages/StationsPage.vue') },
    { path: '/stations/:code', name: 'station', component: () => import('./pages/StationPage.vue') },
    { path: '/compare', name: 'compare', component: () => import('./pages/ComparePage.vue') },
    { path: '/alarms', name: 'alarms', component: () => import('./pages/AlarmsPage.vue') },
    { path: '/quarantine', name: 'quarantine', component: () => import('./pages/QuarantinePage.vue') },
    { path: '/quality', name: 'quality', component: () => import('./pages/QualityPage.vue') },
    { path: '/receipts', name: 'receipts', component: () => import('./pages/ReceiptsPage.vue') },
    { path: '/profiles', name: 'profiles', component: () => import('./pages/ProfilesPage.vue') },
    { path: '/review', name: 'review', component: () => import('./pages/ReviewPage.vue') },
    { path: '/work-orders', name: 'workOrders', component: () => import('./pages/WorkOrdersPage.vue') },
    { path: '/work-orders/:id', name: 'workOrder', component: () => import('./pages/WorkOrderPage.vue') },
    { path: '/outages', name: 'outages', component: () => import('./pages/OutagesPage.vue') },
    { path: '/settlement', name: 'settlement', component: () => import('./pages/SettlementPage.vue') },
    { path: '/settlement/runs', name: 'settlementRuns', component: () => import('./pages/RunsPage.vue') },
    {
      path: '/settlement/adjustments',
      name: 'settlementAdjustments',
      component: () => import('./pages/AdjustmentsPage.vue'),
    },
    {
      path: '/settlement/dashboard',
      name: 'settlementDashboard',
      component: () => import('./pages/SettlementDashboardPage.vue'),
    },
    {
      path: '/settlement/transfers',
      name: 'settlementTransfers',
      component: () => import('./pages/TransfersPage.vue'),
    },
    { path: '/settlement/runs/:id', name: 'settlementRun', component: () => import('./pages/RunPage.vue') },
    { path: '/reports', name: 'reports', component: () => import('./pages/ReportsPage.vue') },
    { path: '/checks', name: 'checks', component: () => import('./pages/ChecksPage.vue') },
    { path: '/testbench', name: 'testbench', component: () => import('./pages/TestbenchPage.vue') },
    {
      path: '/testbench/:id',
      name: 'testbenchRun',
      component: () => import('./pages/TestbenchRunPage.vue'),
    },
    {
      path: '/settlement/statements',
      name: 'settlementStatements',
      component: () => import('./pages/SettlementStatementsPage.vue'),
    },
    {
      path: '/settlement/matches',
      name: 'settlementMatches',
      component: () => import('./pages/SettlementMatchesPage.vue'),
    },
    {
      path: '/settlement/matches/:station/:month',
      name: 'settlementStationMonth',
      component: () => import('./pages/SettlementStationMonthPage.vue'),
    },
    {
      path: '/settlement/receipts',
      name: 'settlementReceipts',
      component: () => import('./pages/SettlementReceiptsPage.vue'),
    },
    {
      path: '/settlement/policies',
      name: 'settlementPolicies',
      component: () => import('./pages/SettlementPoliciesPage.vue'),
    },
    { path: '/settings', redirect: '/settings/alarms' },
    { path: '/settings/:tab', name: 'settings', component: () => import('./pages/SettingsPage.vue') },
    { path: '/:rest(.*)*', name: 'missing', component: () => import('./pages/MissingPage.vue') },
  ],
  scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? false : { top: 0 }),
});
