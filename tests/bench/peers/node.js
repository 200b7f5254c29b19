// SPDX-License-Identifier: MIT
// Node: each session a process of child_process.fork(), with its IPC channel.
//
//   node node.js call | large | start | crash | memory COUNT
//
// As peer.h has it.
'use strict';
const { fork } = require('child_process');
const readline = require('readline');

const now = () => Number(process.hrtime.bigint());

function start() {
    return fork(__filename, ['serve'], { serialization: 'advanced' });
}

function call(child, message) {
    return new Promise((resolve) => {
        child.once('message', resolve);
        child.send(message);
    });
}

async function callSmall(child, number) {
    const message = Buffer.alloc(64, 'x');

    message.writeUInt32LE(number);
    const reply = await call(child, message);
    if (reply.length !== 64 || Buffer.from(reply).readUInt32LE() !== number)
        throw new Error('call: not what was sent');
}

function end(child) {
    return new Promise((resolve) => {
        child.once('exit', resolve);
        child.kill('SIGKILL');
    });
}

function printSamples(samples) {
    samples.sort((a, b) => a - b);
    for (const [name, part] of [['p50', .5], ['p99', .99], ['p999', .999]]) {
        const at = Math.floor((samples.length - 1) * part);

        console.log(`${name} ${(samples[at] / 1000).toFixed(3)}`);
    }
}

const measures = {
    async call(count) {
        const child = start(), samples = [];

        for (let i = 0; i < count / 10; i++)
            await callSmall(child, i);
        for (let i = 0; i < count; i++) {
            const begun = now();

            await callSmall(child, i);
            samples.push(now() - begun);
        }
        await end(child);
        printSamples(samples);
    },
    async large(count) {
        const child = start(), size = 1024 * 1024;
        const message = Buffer.alloc(size, 'x');

        await callSmall(child, 0);
        const begun = now();
        for (let i = 0; i < count; i++) {
            message.writeUInt32LE(i, size - 4);
            const reply = Buffer.from(await call(child, message));
            if (reply.length !== size || reply.readUInt32LE(size - 4) !== i)
                throw new Error('large: not what was sent');
        }
        const seconds = (now() - begun) / 1e9;
        await end(child);
        console.log(`rate ${(count * 2 / 1024 / seconds).toFixed(3)}`);
    },
    async start(count) {
        const samples = [];

        for (let i = 0; i < count; i++) {
            const begun = now(), child = start();

            await callSmall(child, i);
            samples.push(now() - begun);
            await end(child);
        }
        printSamples(samples);
    },
    async crash(count) {
        const samples = [];
        let child = start();

        await callSmall(child, 0);
        for (let i = 0; i < count; i++) {
            const begun = now();

            await end(child);
            child = start();
            await callSmall(child, i);
            samples.push(now() - begun);
        }
        await end(child);
        printSamples(samples);
    },
    async memory(count) {
        const lines = readline.createInterface({ input: process.stdin });
        const children = [];

        console.log('ready');
        await new Promise((resolve) => lines.once('line', resolve));
        for (let i = 0; i < count; i++) {
            children.push(start());
            await callSmall(children[i], i);
        }
        console.log(children.map((child) => child.pid).join(' ') + ' 0');
        await new Promise((resolve) => lines.once('close', resolve));
        for (const child of children)
            await end(child);
    },
};

async function main(name, count) {
    if (!Object.hasOwn(measures, name) || !(count > 0))
        throw new Error(`usage: node.js ${Object.keys(measures)} COUNT`);
    await measures[name](count);
    process.exit(0);
}

if (process.argv[2] === 'serve') {
    process.on('message', (message) => process.send(message));
    process.on('disconnect', () => process.exit(0));
} else {
    main(process.argv[2], Number(process.argv[3])).catch((error) => {
        console.error(`bench: ${error.message}`);
        process.exit(1);
    });
}
