# One image for api, ingest, worker and simulator; the command says which of them runs.
# The Node of the image is the one that runs, so install scripts (which would fetch another) are left out.

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY nest-cli.json tsconfig.json ./
COPY tools tools
COPY data data
COPY libs libs
COPY apps apps
RUN node tools/build.mjs

FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Optional packages are the PostgreSQL binaries of `npm start`; here the database is a service of its own.
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json nest-cli.json NOTICE ./
COPY --from=packages /app/node_modules node_modules
COPY data data
COPY libs/persistence/migrations libs/persistence/migrations
COPY --from=build /app/dist dist
USER node
EXPOSE 3000
CMD ["node", "--enable-source-maps", "dist/apps/api/main.js"]
