import { readHttpUrl } from './http-url.ts';
import { ANY_PATH, type Setting, secretSetting, textSetting } from './setting.ts';
import type { Settings } from './settings.ts';

type ExportSettings = Pick<Settings, 'exportDir' | 'exportHttpUrl' | 'exportHttpToken' | 'exportPostgresUrl'>;

/** Where the journal is exported to. */
export const exportSettings: { readonly [Key in keyof ExportSettings]: Setting<ExportSettings[Key]> } = {
  exportDir: textSetting({
    name: 'EXPORT_DIR',
    type: 'a path',
    default: undefined,
    defaultText: 'none: not exported',
    pattern: ANY_PATH,
    sentence: 'Folder that the journal is exported to, as JSON lines; made where it is missing.',
  }),
  exportHttpUrl: {
    ...secretSetting({
      name: 'EXPORT_HTTP_URL',
      type: 'an http:// or https:// URL',
      pattern: /./,
      defaultText: 'none',
      sentence: 'Where the journal is posted to, as batches of CloudEvents 1.0; see [reports](reports.md).',
    }),
    read: readHttpUrl,
  },
  exportHttpToken: secretSetting({
    name: 'EXPORT_HTTP_TOKEN',
    type: 'a token without a space',
    pattern: /^[\x21-\x7e]{1,4096}$/,
    defaultText: 'none',
    sentence: 'Bearer token sent to `EXPORT_HTTP_URL`.',
  }),
  exportPostgresUrl: secretSetting({
    name: 'EXPORT_POSTGRES_URL',
    type: 'a postgres:// or postgresql:// URL',
    pattern: /^postgres(ql)?:\/\/\S{1,4000}$/,
    defaultText: 'none',
    sentence: 'PostgreSQL database that the journal is written to, into the table `tollgate_journal`.',
  }),
};
