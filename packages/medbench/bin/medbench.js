#!/usr/bin/env node
import '@medbench/cli/run';
