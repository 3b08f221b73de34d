import { readHttpUrl } from './http-url.ts';
import { type Setting, secretSetting } from './setting.ts';
import type { Settings } from './settings.ts';

type ReloadSettings = Pick<Settings, 'reloadWebhookUrl' | 'reloadWebhookSecret'>;

/** Who is asked to pay for reloads. */
export const reloadSettings: { readonly [Key in keyof ReloadSettings]: Setting<ReloadSettings[Key]> } = {
  reloadWebhookUrl: {
    ...secretSetting({
      name: 'RELOAD_WEBHOOK_URL',
      type: 'an http:// or https:// URL',
      pattern: /./,
      defaultText: 'none: no account can have auto-reload',
      sentence:
        'Where the payment side is asked to pay for reloads, signed by Standard Webhooks; see [auto-reload](auto-reload.md).',
    }),
    read: readHttpUrl,
  },
  reloadWebhookSecret: secretSetting({
    name: 'RELOAD_WEBHOOK_SECRET',
    type: 'whsec_ and 24 to 64 bytes in base64',
    pattern: /^whsec_[0-9A-Za-z+/]{32,86}={0,2}$/,
    defaultText: 'none',
    sentence: 'Key that signs requests for reloads; needed with `RELOAD_WEBHOOK_URL`.',
  }),
};
