import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';

/** The first program of that name in the folders, or undefined. */
export function findProgram(name: string, folders: string[]): string | undefined {
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
