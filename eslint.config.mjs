import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const environmentRead = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: 'The environment is read in workers/wiring/config.ts and tools/stack/settings.ts alone.',
};

export default tseslint.config(
  { ignores: ['node_modules/', '.local/', 'coverage/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // A reader should see a function at one glance.
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      // Advice: the subject of a file decides what belongs in it, not its length.
      'max-lines': ['warn', { max: 350 }],
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        environmentRead,
        {
          selector:
            'BinaryExpression[operator=/^[!=]==$/] > Literal[value=/^(lock|xa|tcc|saga|choreography)$/]',
          message: 'What tells patterns apart is a column of contracts/patterns.ts.',
        },
      ],
      // A definition's functions are handed around without it.
      '@typescript-eslint/no-invalid-void-type': ['error', { allowAsThisParameter: true }],
      // Knex's query builders are thenables on purpose, and `void` returns of `it` are idiomatic.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  {
    // `describe` blocks are lists, not functions that one reads as a whole.
    files: ['tests/**'],
    rules: {
      'max-lines-per-function': 'off',
      // A test is of one pattern, and may name it.
      'no-restricted-syntax': ['error', environmentRead],
    },
  },
  {
    files: ['workers/wiring/config.ts', 'tools/stack/settings.ts', 'tests/support/**'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        require: 'readonly',
        module: 'writable',
        __dirname: 'readonly',
      },
    },
    rules: { 'no-console': 'off' },
  },
);
