#!/usr/bin/env node
import 'create-medbench/run';
