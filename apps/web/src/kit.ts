/** The parts of Element Plus in use and their style sheets; nothing else of it gets into the bundle. */
import 'element-plus/es/components/base/style/css';
import 'element-plus/es/components/config-provider/style/css';
import 'element-plus/es/components/date-picker/style/css';
import 'element-plus/es/components/option/style/css';
import 'element-plus/es/components/pagination/style/css';
import 'element-plus/es/components/select/style/css';

export { ElConfigProvider, ElDatePicker, ElOption, ElPagination, ElSelect } from 'element-plus';
export { default as kitZhCN } from 'element-plus/es/locale/lang/zh-cn';
export { default as kitEn } from 'element-plus/es/locale/lang/en';
