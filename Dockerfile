# One image for every process: watcher, orchestrator and the rrctl command.
# Debian, because Temporal's native module is built against glibc.
FROM node:24.21.0-trixie-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
COPY activities ./activities
COPY workflows ./workflows
COPY workers ./workers
COPY dev ./dev
RUN npm run build && npm prune --omit=dev

FROM node:24.21.0-trixie-slim
ENV NODE_ENV=production
WORKDIR /app
RUN groupadd --gid 65532 nonroot && useradd --uid 65532 --gid 65532 --no-create-home nonroot
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY migrations ./migrations
USER 65532:65532
EXPOSE 8081 9090
CMD ["node", "dist/workers/orchestrator.js"]
