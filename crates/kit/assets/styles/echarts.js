// The charts our pages draw: bars, lines and dots on a canvas, with tooltip, legend, target line and
// hatching. Everything else of ECharts stays out of the bundle; zoom by dragging is ours (own/charts.js).
import { use, init, getInstanceByDom } from 'echarts/core';
import { BarChart, LineChart, ScatterChart } from 'echarts/charts';
import { AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from 'echarts/components';
import { CanvasRenderer } from 'echarts/renderers';

use([
  AriaComponent,
  BarChart,
  CanvasRenderer,
  GridComponent,
  LegendComponent,
  LineChart,
  MarkLineComponent,
  ScatterChart,
  TooltipComponent,
]);

export { init, getInstanceByDom };
