import { writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { declaredReport, reportFiles } from './declared-report';
import { mergeReport } from './merge-report';
import { markdownOf, readReport, type Report } from './page';
import type { RunResult } from './run';

/**
 * Writes both files after a run of some cells: those have their own figures now, and what the files
 * say of others stays as long as these are declared as they were. Answers the files' paths.
 */
export async function writeReport(results: readonly RunResult[]): Promise<string[]> {
  const { json, markdown } = await filesOf(mergeReport(readReport(), declaredReport(), results));
  writeFileSync(reportFiles.json, json);
  writeFileSync(reportFiles.markdown, markdown);
  return Object.values(reportFiles);
}

/** What the files hold for a report, formatted as `npm run check` will have them. */
async function filesOf(report: Report): Promise<{ json: string; markdown: string }> {
  const style = await resolveConfig(reportFiles.json);
  return {
    json: await format(JSON.stringify(report), { ...style, parser: 'json' }),
    markdown: await format(markdownOf(report), { ...style, parser: 'markdown' }),
  };
}
