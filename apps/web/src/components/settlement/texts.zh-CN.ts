/** What all pages of the money share. */
export const settlementZhCN = {
  settle: {
    board: '账期看板',
    places: '结算的各页',
    month: '账期月份',
    before: '上一月',
    after: '下一月',
    asOf: '截至 {at}',
    print: '打印',
    signature: { made: '制表：', checked: '复核：', approved: '审批：' },
    component: {
      base: '基础电费',
      subsidy: '补贴',
      mechanism_difference: '机制电价差额',
      deviation: '偏差考核',
    },
    problems: {
      ledger: {
        period_missing: '这个月还没有开账，请复核人先开账',
        period_closed: '这个月已结账，不能再记账；更正请走调整凭证',
        period_on_hold: '这个月暂停记账，只收冲销和调整',
        period_in_order: '请按月份先后处理：更早的月份还没有结账，或更晚的月份已经结账',
        period_state: '状态已被别人改过，请刷新后再看',
        balance_too_low: '账户余额不足，没有记账',
      },
      allocation: {
        preview_outdated: '预览之后数据有变，请重新预览再确认',
        nothing_received: '没有可以分配的到账：还没有到账，或都已分配、都被暂缓',
        hash_differs: '这一版已经不是您看过的那一版，请重新打开再批',
        maker_is_checker: '制表人不能审批自己的分配，请换一位复核人',
        policy_unconfirmed: '所依据的规则未经县级确认，请先在「规则」里登记本县确认的规则',
        outdated_month: '这次分配是上个月提出的，请作废后重新提出',
        state: '这次分配的状态已经变了，请刷新',
        unknown: '没有这次分配',
      },
    },
  },
};
