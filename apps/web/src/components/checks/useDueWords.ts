import { useI18n } from 'vue-i18n';

/** How long until a finding is to be answered, in words; days below zero are over. */
export function useDueWords(): (daysLeft: number) => string {
  const { t } = useI18n();
  return (daysLeft) => {
    if (daysLeft === 0) return t('checks.today');
    return daysLeft > 0 ? t('checks.left', { n: daysLeft }) : t('checks.over', { n: -daysLeft });
  };
}
