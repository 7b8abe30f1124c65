/** Period board, runs and lineage. */
export const boardZhCN = {
  board: {
    title: '结算 · 账期看板',
    hint: '每县一行、每步一列：办了多少、被什么卡住，一眼看清',
    period: '{month} 账期',
    state: { open: '记账中', on_hold: '暂停记账', closed: '已结账', none: '未开账' },
    stateHint: {
      open: '可以记账',
      on_hold: '只收冲销和调整',
      closed: '不再变动；更正另立调整凭证',
      none: '开账后才能记账',
    },
    change: '更改状态',
    reason: '原因（必填，留存备查）',
    step: { open: '开账', hold: '暂停记账', release: '恢复记账', close: '结账' },
    ask: {
      open: '开 {month} 的账，确定？',
      hold: '暂停 {month}：只收冲销和调整，确定？',
      release: '恢复 {month} 的记账，确定？',
      close: '{month} 结账后永不再记账，确定？',
    },
    closeBlocked: '还有 {n} 处被卡住；结账后它们只能以调整凭证更正',
  },
};
