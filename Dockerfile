# Tollgate in a container: docker build -t tollgate .
# Never root; the root file system may be read-only: all it writes is /data.
FROM node:26-alpine AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json tsconfig.console.json ./
COPY bin bin
COPY src src
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:26-alpine
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=8787 \
    ADMIN_HOST=0.0.0.0 \
    ADMIN_PORT=8788 \
    DATA_DIR=/data
WORKDIR /app
# npm and its like have no use here, and are what scanners find fault with.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn* \
    && mkdir /data && chown 65532:65532 /data && chmod 700 /data
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE CHANGELOG.md ./
COPY config config
USER 65532:65532
VOLUME /data
EXPOSE 8787 8788
# Alive, not ready: a container that waits for its store is not to be killed for it.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node itself is process 1 and obeys SIGTERM: open streams end, settles are delivered. Give it time to.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "dist/cli.js"]
CMD ["serve"]
